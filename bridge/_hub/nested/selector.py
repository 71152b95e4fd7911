"""A selector that does not poll: the greenlet parks, and whoever hosts the thread polls for everybody."""

from __future__ import annotations

import selectors
from collections.abc import Mapping
from typing import Any

from greenlet import getcurrent, greenlet

from bridge._hub.nested.slots import NestedSlots
from bridge._watchers.io import READ, WRITE, io

__all__ = ["NestedSelector"]

# A loop that watches no descriptor may turn so often before others have their turn: the many
# short turns in which asyncio.run() winds up would each cost two switches.
_TURNS_AT_A_STRETCH = 8

_R: int = selectors.EVENT_READ
_W: int = selectors.EVENT_WRITE


def _mask(events: int) -> int:
    return (events & _R and READ) | (events & _W and WRITE)


class NestedSelector(selectors.BaseSelector):
    """A selector whose ``select`` parks the greenlet.

    A descriptor that was reported is watched again by the next ``select``
    only, so one the loop does not look after for a while costs nothing.
    """

    def __init__(self) -> None:
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._watchers: dict[int, io] = {}
        self._ready: dict[int, int] = {}
        self._hub: Any = None
        self._slots: NestedSlots | None = None
        self._parked: greenlet | None = None
        self._woken = False
        self._resuming = False
        self._turns = 0

    # -- the selector interface ------------------------------------------------

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        if fd in self._keys:
            raise KeyError(f"{fileobj!r} (FD {fd}) is already registered")
        key = selectors.SelectorKey(fileobj, fd, events, data)
        if self._hub is not None:
            self._watch(fd, events)
        self._keys[fd] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        key = self.get_key(fileobj)
        del self._keys[key.fd]
        self._unwatch(key.fd)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = self.get_key(fileobj)
        if key.events != events:
            watcher = self._watchers.get(key.fd)
            if watcher is not None:
                watcher.stop()
                watcher.events = _mask(events)
                watcher.start(self._on_ready, key.fd, pass_events=True)
            self._ready.pop(key.fd, None)
        key = self._keys[key.fd] = key._replace(events=events, data=data)
        return key

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        try:
            return self._keys[fd]
        except KeyError:
            raise KeyError(f"{fileobj!r} is not registered") from None

    def close(self) -> None:
        for fd in list(self._watchers):
            self._unwatch(fd)
        self._keys.clear()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        slots = self._slots
        assert slots is not None
        for fd in self._ready:
            watcher = self._watchers.get(fd)
            if watcher is not None and not watcher.active:
                watcher.start(self._on_ready, fd, pass_events=True)
        self._ready.clear()
        blocking = timeout is None or timeout > 0
        if not blocking and not self._keys and self._turns < _TURNS_AT_A_STRETCH:
            self._turns += 1
            return []
        self._turns = 0
        slots.leave()
        try:
            if blocking:
                self._park(timeout)
            else:
                self._pass_turn()
        finally:
            slots.enter()
        keys = self._keys
        return [
            (keys[fd], keys[fd].events & (ready & READ and _R) | keys[fd].events & (ready & WRITE and _W))
            for fd, ready in self._ready.items()
            if fd in keys
        ]

    # -- parking -----------------------------------------------------------------

    def bind(self, hub: Any, slots: NestedSlots) -> None:
        """The loop starts to run, in a greenlet of *hub*."""
        self._slots = slots
        if hub is not self._hub:
            for fd in list(self._watchers):
                self._unwatch(fd)
            self._hub = hub
            for fd, key in self._keys.items():
                self._watch(fd, key.events)

    def unbind(self) -> None:
        """The loop has stopped.  Its descriptors stay watched: usually it goes on in a moment."""
        self._slots = None

    @property
    def parked(self) -> bool:
        return self._parked is not None

    def wake(self) -> None:
        """Let the parked loop look at its queue; from greenlets of the same thread."""
        self._woken = True
        if self._parked is not None and not self._resuming:
            self._resuming = True
            self._hub.loop.run_callback(self._resume)

    def wake_threadsafe(self) -> None:
        """Let the loop look at its queue; from any thread, and from signal handlers."""
        self._woken = True
        hub = self._hub
        if hub is not None and not self._resuming:
            loop = hub.loop
            if loop is not None:
                self._resuming = True
                loop.run_callback_threadsafe(self._resume)

    def _park(self, timeout: float | None) -> None:
        hub = self._hub
        loop = hub.loop
        timer = loop.timer(timeout) if timeout is not None else None
        self._parked = getcurrent()
        # Another thread may be all that is going to wake us.
        loop.ref()
        try:
            if timer is not None:
                timer.start(self._resume)
            if not self._woken:
                hub.switch()
        finally:
            self._parked = None
            self._woken = False
            loop.unref()
            if timer is not None:
                timer.close()

    def _pass_turn(self) -> None:
        """The loop has more to do: let all others, and the poll, have a turn first."""
        self._parked = getcurrent()
        if not self._resuming:
            self._resuming = True
            self._hub.loop.run_callback(self._resume)
        try:
            self._hub.switch()
        finally:
            self._parked = None
            self._woken = False

    def _resume(self) -> None:
        self._resuming = False
        parked = self._parked
        if parked is not None:
            parked.switch()

    # -- descriptors ---------------------------------------------------------------

    def _watch(self, fd: int, events: int) -> None:
        watcher = self._watchers[fd] = self._hub.loop.io(fd, _mask(events))
        watcher.start(self._on_ready, fd, pass_events=True)

    def _unwatch(self, fd: int) -> None:
        self._ready.pop(fd, None)
        watcher = self._watchers.pop(fd, None)
        if watcher is not None:
            watcher.stop()
            entry = watcher.loop._fds.get(fd)
            if entry is not None and not entry.watchers:
                # The caller is likely to close the descriptor now; whoever polls must have forgotten it.
                watcher.loop.closing_fd(fd)

    def _on_ready(self, ready: int, fd: int) -> None:
        self._ready[fd] = ready
        watcher = self._watchers[fd]
        watcher.stop()
        self.wake()  # not resumed at once: the same poll may have found other descriptors ready
