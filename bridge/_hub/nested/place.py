"""Where a loop has to share its thread: in ordinary greenlets of a hub."""

from __future__ import annotations

from typing import Any

from gevent._hub_local import get_hub_if_exists
from gevent.hub import Hub
from greenlet import getcurrent

__all__ = ["in_nested_place"]

_MISSING = object()


def in_nested_place() -> bool:
    """Tell whether an asyncio loop that starts to run here has to share the thread with others.

    True in ordinary greenlets of a hub; False in the greenlet that made the
    hub, in the root greenlet, in hosts and in the hub itself.
    """
    me = getcurrent()
    if me.parent is None:
        return False
    hub: Any = get_hub_if_exists()
    if hub is None or me is hub.parent or isinstance(me, Hub):
        return False
    driver = getattr(hub.loop, "_driver", _MISSING)
    return driver is not _MISSING and me is not driver
