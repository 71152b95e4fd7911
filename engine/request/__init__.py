"""One request and its reply, whatever protocol carried them.

May import ``engine.errors``, ``engine.interfaces`` and ``engine.protocols``.
"""
