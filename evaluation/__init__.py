"""Benchmarks that measure the running product."""
