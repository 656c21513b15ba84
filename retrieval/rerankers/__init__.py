"""Rerankers: one interface, one file for each family."""
