"""Tutoring: conversations with a learner that stand on the knowledge graph, with a chat model or without."""
