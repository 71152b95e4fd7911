"""Channels: a socket pair between the master and each of its children, made before the fork.

For whoever builds on processes (signals, the stats server, mules, spoolers)::

    # in the master                                  # in a child, once its loop runs
    channel.on(Lane.SIGNALS, route)                  channel.on(Lane.SIGNALS, run_handlers)
    channel.send(Lane.SIGNALS, b"\\x11")              channel.send(Lane.SIGNALS, b"\\x11")

A message is a *lane* (who it is for) and bytes; it arrives whole, once, in the order of its
sender.  The 1-byte uwsgi signals (uwsgi.md, section 2) are messages of :data:`Lane.SIGNALS` with
any number of signals each, so that a sender may gather them.

Where they are:

* the master has a :class:`MasterSide` per child (``Child.channel``); its loop calls
  :meth:`Channel.dispatch` when the descriptor is readable.  Register a handler for all children,
  present and to come, with ``Master.on_message(lane, handler)`` -> ``handler(child, data)``.
* a worker has one :class:`WorkerSide` (``Worker.channel``, None without a master); its asyncio
  loop calls :meth:`Channel.dispatch`, so handlers run as asyncio callbacks: start a greenlet for
  what may block.
* a master that re-executes itself takes the channels of old workers along: what they send while
  they finish is not lost.

:meth:`Channel.send` never blocks.  What the kernel does not take is kept, up to a limit, and goes
out with :meth:`Channel.flush`; callers that own the loop watch :attr:`Channel.wants_write`.  It may
be called in any thread and greenlet; everything else only in the loop's own thread.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from enum import IntEnum
from typing import Final, Self

__all__ = ["Channel", "Handler", "Lane", "MasterSide", "WorkerSide", "pair"]

Handler = Callable[[bytes], None]

_HEAD: Final = struct.Struct("!BI")
_READ: Final = 1 << 18

# Bytes one side keeps for a peer that does not read.  A uwsgi signal takes 6 at worst.
MOST_KEPT: Final = 1 << 20


class Lane(IntEnum):
    """Who a message is for."""

    CONTROL = 0
    """Between master and worker themselves: ready, wants to leave, statistics."""
    SIGNALS = 1
    """uwsgi signals: each byte is one."""
    MULES = 2
    """Messages for mules."""
    API = 3
    """Calls of the ``uwsgi`` module that only the master can answer."""
    SHARED = 4
    """Signals from and to other servers."""


class Channel:
    """One end; see the module.

    :param sock: one end of a stream socket pair, which becomes non-blocking
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._received = bytearray()
        self._kept = bytearray()
        # Not gevent's lock: held for one send(2) only, and also by native threads.
        self._lock = _native_lock()
        self._handlers: dict[int, Handler] = {}
        self.closed = False
        """True once the peer is gone or :meth:`close` was called."""
        self.on_backlog: Callable[[], None] | None = None
        """Called (in the sender's thread) when something is kept and :meth:`flush` is needed."""

    @classmethod
    def from_fd(cls, fd: int, unread: str = "") -> Self:
        """Adopt an inherited descriptor; *unread* is what :meth:`unread` said before."""
        channel = cls(socket.socket(fileno=fd))
        channel._received += bytes.fromhex(unread)
        return channel

    def unread(self) -> str:
        """Return the message that has arrived in part, in hexadecimal."""
        return self._received.hex()

    def fileno(self) -> int:
        """The descriptor to wait for; -1 once closed."""
        return self._sock.fileno()

    def on(self, lane: Lane, handler: Handler) -> None:
        """Let *handler* take the messages of a lane; the last one set counts."""
        self._handlers[lane] = handler

    # -- sending

    @property
    def wants_write(self) -> bool:
        """Whether :meth:`flush` has something to do."""
        return bool(self._kept)

    def send(self, lane: Lane, data: bytes) -> bool:
        """Send a message; False if the peer is gone or has not read for too long (nothing was sent)."""
        message = _HEAD.pack(lane, len(data)) + data
        with self._lock:
            if self.closed:
                return False
            if self._kept:
                if len(self._kept) + len(message) > MOST_KEPT:
                    return False
                self._kept += message
                return True
            sent = self._send_some(message)
            if sent < 0:
                return False
            if sent == len(message):
                return True
            self._kept += message[sent:]
        if self.on_backlog is not None:
            self.on_backlog()
        return True

    def flush(self) -> bool:
        """Send what was kept; True if nothing is left."""
        with self._lock:
            sent = self._send_some(bytes(self._kept)) if self._kept else 0
            if sent > 0:
                del self._kept[:sent]
            elif sent < 0:
                self._kept.clear()
            return not self._kept

    def _send_some(self, data: bytes) -> int:
        try:
            return self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            self.closed = True
            return -1

    # -- receiving

    def receive(self) -> list[tuple[int, bytes]]:
        """Return the messages that have arrived, without waiting."""
        while True:
            try:
                data = self._sock.recv(_READ)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                data = b""
            if not data:
                self.closed = True
                break
            self._received += data
            if len(data) < _READ:
                break
        return list(self._messages())

    def _messages(self) -> list[tuple[int, bytes]]:
        messages: list[tuple[int, bytes]] = []
        buffer, at = self._received, 0
        while len(buffer) - at >= _HEAD.size:
            lane, length = _HEAD.unpack_from(buffer, at)
            start = at + _HEAD.size
            if len(buffer) - start < length:
                break
            messages.append((lane, bytes(buffer[start : start + length])))
            at = start + length
        del buffer[:at]
        return messages

    def dispatch(self) -> None:
        """Receive, and give each message to the handler of its lane; without one it is dropped."""
        for lane, data in self.receive():
            handler = self._handlers.get(lane)
            if handler is not None:
                handler(data)

    def close(self) -> None:
        """Close this end."""
        with self._lock:
            self.closed = True
            self._sock.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"fd {self.fileno()}"
        return f"<{type(self).__name__} {state}, {len(self._kept)} bytes kept>"


class MasterSide(Channel):
    """The master's end of a channel to one child."""


class WorkerSide(Channel):
    """A child's end of its channel to the master."""


def pair(bufsize: int = 0) -> tuple[MasterSide, WorkerSide]:
    """Return both ends of a new channel; each process closes the one that is not its own.

    :param bufsize: kernel buffer of each direction in bytes (uWSGI ``--signal-bufsize``); 0 leaves it
    """
    master, worker = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    if bufsize:
        for sock in (master, worker):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, bufsize)
    return MasterSide(master), WorkerSide(worker)


def _native_lock() -> threading.Lock:
    from bridge.lowlevel import original

    lock: threading.Lock = original("_thread", "allocate_lock")()
    return lock
