"""gevent's loop on asyncio, under the name that asyncio-gevent gives it."""

from bridge.loop import loop

__all__ = ["GeventLoop"]

# The class itself, not a subclass: gevent looks for companions in the module it was defined in.
GeventLoop = loop
