"""The event loop policy remembers one loop per native thread, not per greenlet.

Imported after the patching, asyncio derives that memory from gevent's
``local``: ``asyncio.get_event_loop()`` in a greenlet then fails although the
thread has a loop.
"""

from __future__ import annotations

import asyncio.events
from typing import Any

from bridge._compat import ThreadLocal, base_policy

__all__ = ["repair_policy"]

_REMEMBERED = ("_loop", "_set_called")


class _PolicyLocal(ThreadLocal):  # type: ignore[misc]
    _loop: Any = None
    _set_called = False


def repair_policy() -> None:
    """Make policies, the present one too, remember per native thread."""
    events: Any = asyncio.events
    base = base_policy()
    if base is None or issubclass(base._Local, ThreadLocal):
        return
    base._Local = _PolicyLocal
    policy = events._event_loop_policy
    if isinstance(policy, base) and not isinstance(policy._local, ThreadLocal):
        found, policy._local = policy._local, _PolicyLocal()
        for name in _REMEMBERED:
            if hasattr(found, name):
                setattr(policy._local, name, getattr(found, name))
