"""``gevent-engine top``: watch a server in the terminal, by its stats server.

May import :mod:`engine.errors`; only :mod:`engine.top.screen` imports textual, which is an extra.
"""

from engine.top.command import command

__all__ = ["command"]
