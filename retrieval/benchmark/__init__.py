"""Measures retrieval beside its baselines: `python -m retrieval.benchmark --help`."""
