"""TutoringService: sessions, and turns that are kept as they are told."""
