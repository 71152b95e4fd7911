"""Processes: start-up, the master and its workers.

The master runs no event loop: it waits for signals and for its children.
"""
