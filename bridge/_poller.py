"""The loop's own poll descriptor, which asyncio watches for it.

Every watched descriptor is registered here and only the poll descriptor itself
with asyncio (an epoll descriptor is readable while one of its own is ready;
epoll(7), "Questions and answers" 3).  Against one ``add_reader`` per descriptor:

- all that is ready is found in one call, also without leaving the hub;
- a descriptor closed behind our back drops out by itself, and never shadows an
  asyncio transport that gets the same number later;
- another asyncio loop takes over with one registration;
- libuv does not make the descriptors non-blocking.

``_poller.pyx`` is its twin in the compiled build on Linux.
"""

from __future__ import annotations

import select
import selectors
from typing import Any, Final

from gevent.monkey import get_original

__all__ = ["READ", "WRITE", "Poller"]

READ: Final = 1
WRITE: Final = 2

_READABLE: Final = 0x001 | 0x002 | 0x008 | 0x010  # EPOLLIN, PRI, ERR, HUP
_WRITABLE: Final = 0x004 | 0x008 | 0x010  # EPOLLOUT, ERR, HUP
_INTEREST: Final = (0, 0x001, 0x004, 0x005)


def _native(name: str) -> Any:
    """Return ``select.name`` even where gevent has removed it."""
    try:
        return get_original("select", name)
    except AttributeError:
        return getattr(select, name, None)


_epoll: Final = _native("epoll")


class Poller:
    """Which descriptors are watched for what; used in one thread."""

    def __init__(self) -> None:
        self._poll: Any = _SelectorPoll() if _epoll is None else _epoll(flags=0x80000)  # EPOLL_CLOEXEC
        self._found: list[tuple[int, int]] = []
        self.count = 0

    def fileno(self) -> int:
        """Return the poll descriptor."""
        fd: int = self._poll.fileno()
        return fd

    def watch(self, fd: int, had: int, wanted: int) -> None:
        """Change what *fd* is watched for from *had* to *wanted* (bits READ and WRITE).

        :raises PermissionError: for a regular file, which cannot be polled and is always ready
        :raises OSError: if *fd* is not open
        """
        poll = self._poll
        if had:
            if wanted:
                try:
                    poll.modify(fd, _INTEREST[wanted])
                except FileNotFoundError:
                    # Closed and opened again behind our back.
                    poll.register(fd, _INTEREST[wanted])
            else:
                self.count -= 1
                try:
                    poll.unregister(fd)
                except OSError:
                    pass  # closed behind our back
        elif wanted:
            try:
                poll.register(fd, _INTEREST[wanted])
            except FileExistsError:
                poll.modify(fd, _INTEREST[wanted])
            self.count += 1

    def collect(self) -> int:
        """Find what is ready now, never waiting; return how many descriptors that are."""
        self._found = self._poll.poll(0)
        return len(self._found)

    def fd_at(self, index: int) -> int:
        """Return a descriptor that :meth:`collect` found."""
        return self._found[index][0]

    def ready_at(self, index: int) -> int:
        """Return for what it is ready."""
        events = self._found[index][1]
        return (READ if events & _READABLE else 0) | (WRITE if events & _WRITABLE else 0)

    def forget(self, fd: int) -> None:
        """Stop watching a descriptor that nobody knows any more."""
        try:
            self._poll.unregister(fd)
        except OSError:
            pass

    def close(self) -> None:
        """Close the poll descriptor; in a forked child this leaves the parent's registrations alone."""
        self._poll.close()


class _SelectorPoll:
    """The same calls on the platform's selector, where there is no epoll (kqueue)."""

    def __init__(self) -> None:
        self._selector: Any = selectors.DefaultSelector()

    def fileno(self) -> int:
        fd: int = self._selector.fileno()
        return fd

    @staticmethod
    def _mask(events: int) -> int:
        return (selectors.EVENT_READ if events & 0x001 else 0) | (
            selectors.EVENT_WRITE if events & 0x004 else 0
        )

    def register(self, fd: int, events: int) -> None:
        try:
            self._selector.register(fd, self._mask(events))
        except KeyError as exc:
            raise FileExistsError(fd) from exc

    def modify(self, fd: int, events: int) -> None:
        try:
            self._selector.modify(fd, self._mask(events))
        except KeyError as exc:
            raise FileNotFoundError(fd) from exc

    def unregister(self, fd: int) -> None:
        try:
            self._selector.unregister(fd)
        except KeyError as exc:
            raise FileNotFoundError(fd) from exc

    def poll(self, timeout: float) -> list[tuple[int, int]]:
        names = ((selectors.EVENT_READ, 0x001), (selectors.EVENT_WRITE, 0x004))
        return [
            (key.fd, sum(bit for event, bit in names if mask & event))
            for key, mask in self._selector.select(timeout)
        ]

    def close(self) -> None:
        self._selector.close()
