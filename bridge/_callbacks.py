"""The object that ``loop.run_callback`` returns (gevent ICallback).

``_callbacks.pyx`` is its twin in the compiled build.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["CallbackQueue", "callback", "new_callback"]


class callback:
    """One queued call.  ``bool(cb)`` is true while it is queued and while it runs.

    gevent's linkables append to ``cb.args[0]`` while the call is queued or
    running, so the same tuple stays on the object until after the call.
    """

    __slots__ = ("args", "callback", "following")

    def __init__(self, func: Callable[..., object] | None, args: tuple[Any, ...] | None) -> None:
        self.callback = func
        self.args = args
        self.following: callback | None = None

    def stop(self) -> None:
        """Forget the call; a callback already running is not interrupted."""
        self.callback = None
        self.args = None

    close = stop

    @property
    def pending(self) -> bool:
        """Whether the call has yet to be made."""
        return self.callback is not None

    def __bool__(self) -> bool:
        return self.args is not None

    def __repr__(self) -> str:
        text = f"<{type(self).__name__} at 0x{id(self):x}"
        if self.pending:
            text += " pending"
        if self.callback is not None:
            text += f" callback={self.callback!r}"
        if self.args is not None:
            text += f" args={self.args!r}"
        if self.callback is None and self.args is None:
            text += " stopped"
        return text + ">"


def new_callback(func: Callable[..., object] | None, args: tuple[Any, ...] | None) -> callback:
    """Make one without the cost of a call of the class."""
    cb: callback = callback.__new__(callback)
    cb.callback = func
    cb.args = args
    cb.following = None
    return cb


class CallbackQueue:
    """Callbacks in the order they were added; a chain through the callbacks themselves.

    For the loop's own thread only.
    """

    __slots__ = ("count", "first", "last")

    def __init__(self) -> None:
        self.first: callback | None = None
        self.last: callback | None = None
        self.count = 0

    def append(self, cb: callback) -> None:
        """Add at the end."""
        last = self.last
        if last is None:
            self.first = cb
        else:
            last.following = cb
        self.last = cb
        self.count += 1

    def clear(self) -> None:
        """Forget all."""
        self.first = self.last = None
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[callback]:
        cb = self.first
        while cb is not None:
            yield cb
            cb = cb.following
