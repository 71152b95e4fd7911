"""The names of `asyncio-gevent <https://pypi.org/project/asyncio-gevent/>`_ 0.2, on the bridge.

Change ``import asyncio_gevent`` to ``from bridge.compat import asyncio_gevent``
and ``GEVENT_LOOP=asyncio_gevent.gevent_loop.GeventLoop`` to
``GEVENT_LOOP=bridge.loop.loop``; arguments and errors stay.
"""

from bridge.compat._event_loop import EventLoop, EventLoopPolicy
from bridge.compat.asyncio_gevent import gevent_loop
from bridge.compat.asyncio_gevent._greenlets import async_to_sync, future_to_greenlet
from bridge.compat.asyncio_gevent._tasks import greenlet_to_future, sync_to_async

__all__ = [
    "EventLoop",
    "EventLoopPolicy",
    "async_to_sync",
    "future_to_greenlet",
    "gevent_loop",
    "greenlet_to_future",
    "sync_to_async",
]
