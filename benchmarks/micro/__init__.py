"""Microbenchmarks, and their tables."""
