"""Attacks on the tutor: how often it tells an answer too early, or follows instructions that are not its operator's."""
