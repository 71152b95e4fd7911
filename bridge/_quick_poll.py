"""``poll(0)`` of gevent's ``select.poll`` asks the kernel.

gevent starts watchers and a timer for it and parks, so it costs a turn of the loop, and in a task,
where nothing can park, the hub has to run in the middle of the task's step.  HTTP clients ask that for
each idle connection before each request (httpcore, urllib3): with 80 of them a call of httpx took five times
as long in a patched process.  gevent's own ``select(..., 0)`` goes the short way as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import gevent.select
from gevent import sleep
from gevent._hub_local import get_hub_if_exists
from gevent.hub import Hub
from gevent.monkey import get_original
from greenlet import getcurrent

from bridge.loop import loop

__all__ = ["install_quick_poll"]

_POLLIN: Final = 0x001  # the same wherever poll(2) is
_POLLOUT: Final = 0x004
_ENDED: Final = 0x008 | 0x010  # POLLERR, POLLHUP
_POLLNVAL: Final = 0x020
_READ: Final = 1  # as gevent keeps what was registered
_WRITE: Final = 2

_gevents: Any = vars(gevent.select)["poll"]
_parking_poll: Final = _gevents.poll


def _from_the_kernel() -> Any:
    try:
        return get_original("select", "poll")
    except AttributeError:
        return None  # not on this platform


_kernel_poll: Final = _from_the_kernel()


def install_quick_poll() -> None:
    """Change gevent's class, once; nothing where the platform has no ``poll``."""
    if _kernel_poll is not None:
        _gevents.poll = _poll


def _poll(self: Any, timeout: float | None = None) -> list[tuple[int, int]]:
    """Poll the registered descriptors; *timeout* in milliseconds, ``None`` or less than 0 for no limit."""
    if timeout is None or timeout != 0:
        return _parking_poll(self, timeout)  # type: ignore[no-any-return]
    found = _ask(self.fds)
    if _may_park():
        sleep(0)  # whoever polls in a loop must not keep everybody else from running
    return found


def _ask(registered: Mapping[int, int]) -> list[tuple[int, int]]:
    kernel = _kernel_poll()
    asked = {}
    for fd, flags in registered.items():
        asked[fd] = (_POLLIN if flags & _READ else 0) | (_POLLOUT if flags & _WRITE else 0)
        kernel.register(fd, asked[fd])
    return [(fd, _as_gevent_tells(events, asked[fd])) for fd, events in kernel.poll(0)]


def _as_gevent_tells(events: int, asked: int) -> int:
    """What ended is ready for everything."""
    if events & _POLLNVAL:
        return _POLLNVAL
    if events & _ENDED:
        return asked
    return events & (_POLLIN | _POLLOUT)


def _may_park() -> bool:
    me = getcurrent()
    if isinstance(me, Hub):
        return False
    hub: Any = get_hub_if_exists()
    return not (hub is not None and isinstance(hub.loop, loop) and hub.loop.is_host(me))
