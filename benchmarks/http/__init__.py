"""Requests per second of this engine and of its peers, side by side: ``python -m benchmarks.http hello``."""
