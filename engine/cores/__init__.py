"""Cores: the N requests that run at the same time, and the greenlets they run in.

May import everything below it and ``bridge``.
"""
