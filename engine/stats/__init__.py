"""Counters in shared memory, and the stats server.  May import everything below it."""
