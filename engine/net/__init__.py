"""Sockets and connections: bytes of asyncio transports to requests and back.

May import ``engine.errors``, ``interfaces``, ``address``, ``config``, ``logs``,
``protocols`` and ``request``; greenlets reach it only as parking places.
"""
