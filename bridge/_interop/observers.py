"""Failed greenlets that somebody awaits do not print their traceback.

gevent reports every exception that ends a greenlet to ``hub.handle_error``,
which prints it.  When a future of the greenlet is about to hand the exception
to whoever awaits it, that would report it twice, so the bridge puts a filter
in front, in the way gevent documents: an attribute of the hub.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import gevent
from gevent.hub import Hub, get_hub

__all__ = ["Observer", "forget_observers", "observe"]

_ATTRIBUTE = "_bridge_observers"


class Observer(Protocol):
    """Somebody who is told how a greenlet ended."""

    def takes(self, exc_type: type[BaseException]) -> bool:
        """Tell whether the exception will reach somebody through this observer."""


def observe(greenlet: gevent.Greenlet[..., Any], observer: Observer) -> None:
    """Let *observer* keep an exception of *greenlet* from being printed."""
    attributes = vars(greenlet)
    observers = attributes.get(_ATTRIBUTE)
    if observers is None:
        attributes[_ATTRIBUTE] = [observer]
        hub = greenlet.parent
        if isinstance(hub, Hub):
            known = vars(hub).get("handle_error")
            if not isinstance(known, _Filter):
                hub.handle_error = _Filter(known)  # type: ignore[method-assign]
    else:
        observers.append(observer)


def forget_observers(greenlet: gevent.Greenlet[..., Any]) -> None:
    """The greenlet's end is known to everybody by other means, or somebody else takes over."""
    vars(greenlet).pop(_ATTRIBUTE, None)


class _Filter:
    """Stands in for one hub's ``handle_error``; holds no reference to the hub."""

    __slots__ = ("_next",)

    def __init__(self, behind: Callable[..., None] | None) -> None:
        self._next = behind

    def __call__(self, context: Any, type: Any, value: Any, tb: Any) -> None:
        observers = getattr(context, _ATTRIBUTE, None)
        if observers is not None:
            del vars(context)[_ATTRIBUTE]
            if any(observer.takes(type) for observer in observers):
                return
        if self._next is not None:
            self._next(context, type, value, tb)
        else:
            hub = get_hub()
            hub.__class__.handle_error(hub, context, type, value, tb)
