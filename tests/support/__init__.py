"""Helpers for the tests: server processes, clients and real back ends.  Each has tests of its own."""
