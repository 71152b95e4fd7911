"""asyncio loops that were built on gevent's selector before the bridge was there.

With ``GEVENT_LOOP=bridge.loop.loop`` and patched modules, the first use of
gevent may be the socket pair that ``asyncio.run`` makes for its loop: the
bridge is imported in the middle of the loop's constructor, when the loop has
its selector already.
"""

from __future__ import annotations

import gc
from asyncio.selector_events import BaseSelectorEventLoop
from types import ModuleType
from typing import Any

from gevent.selectors import GeventSelector

__all__ = ["repair_built_loops"]


def repair_built_loops(selectors: ModuleType) -> None:
    """Give loops that do not run a selector of the original *selectors* module.

    Looks through all objects of the process, some milliseconds: nothing else
    knows the loops.
    """
    for each in gc.get_objects():
        if issubclass(type(each), BaseSelectorEventLoop):
            found = getattr(each, "_selector", None)
            if type(found) is GeventSelector and not each.is_running():
                each._selector = _moved(found, selectors.DefaultSelector())


def _moved(old: GeventSelector, new: Any) -> Any:
    for key in list((old.get_map() or {}).values()):
        new.register(key.fileobj, key.events, key.data)
    old.close()
    return new
