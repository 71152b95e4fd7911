"""The private asyncio loop that polls when no user loop runs."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from bridge._compat import new_uvloop, uvloop_available
from bridge._errors import LoopSelectionError
from bridge._hub.hosts import Hosts, original_run_forever
from bridge._types import HostLoop

__all__ = ["Driver", "private_loop_kind"]


def _wakeup_fd() -> int:
    """Return what the program gave to ``signal.set_wakeup_fd``; -1 for nothing and in other threads."""
    try:
        fd = signal.set_wakeup_fd(-1)
    except ValueError:
        return -1
    if fd != -1:
        signal.set_wakeup_fd(fd, warn_on_full_buffer=False)  # as uvloop puts it back
    return fd


def private_loop_kind() -> str:
    """Return ``"uvloop"`` or ``"asyncio"``: what ``BRIDGE_LOOP`` asks for, else uvloop if installed.

    :raises LoopSelectionError: if ``BRIDGE_LOOP`` is anything else, or uvloop is missing
    """
    kind = os.environ.get("BRIDGE_LOOP", "")
    if kind == "":
        return "uvloop" if uvloop_available() else "asyncio"
    if kind not in ("uvloop", "asyncio"):
        raise LoopSelectionError(f"BRIDGE_LOOP={kind!r} is not known; use 'uvloop' or 'asyncio'.")
    if kind == "uvloop" and not uvloop_available():
        raise LoopSelectionError("BRIDGE_LOOP=uvloop, but uvloop is not installed; run 'pip install uvloop'.")
    return kind


class _PrivateSelectorLoop(asyncio.SelectorEventLoop):
    """Lives as long as the thread's hub, so it says nothing about not having been closed."""

    def __del__(self, _warn: object = None) -> None:
        pass


class _SystemError:
    """An exception out of the poll itself, on its way to the hub."""

    __slots__ = ("_exc", "_loop")

    def __init__(self, loop: Driver, exc: BaseException) -> None:
        self._loop = loop
        self._exc = exc

    def _fire(self) -> None:
        exc = self._exc
        self._loop.handle_error(None, type(exc), exc, exc.__traceback__)


class Driver(Hosts):
    """Makes and runs the private loop."""

    __slots__ = ("_relay", "_relay_loop", "_wakeup_fd")

    def __init__(self) -> None:
        super().__init__()
        self._wakeup_fd = -1  # the program's, when the private loop last began to run
        self._relay: tuple[int, ...] = ()
        self._relay_loop: HostLoop | None = None

    def _new_private_loop(self) -> HostLoop:
        kind = private_loop_kind()
        aio: Any = new_uvloop() if kind == "uvloop" else _PrivateSelectorLoop()
        # Debug mode (PYTHONASYNCIODEBUG, -X dev) is about asyncio code; here it would
        # call every greenlet that computes for 100 ms a slow callback.
        aio.set_debug(False)
        aio.set_exception_handler(self._on_private_error)
        return aio  # type: ignore[no-any-return]

    def _run_private(self, private: HostLoop) -> None:
        if self._on_uvloop:
            self._wakeup_fd = wakeup_fd = _wakeup_fd()
            if wakeup_fd != -1:
                private.call_soon(self._relay_wakeups, wakeup_fd)
        original_run_forever(private)

    def _drop_broken_private(self) -> None:
        """Forget a uvloop that can never run again; what it put in place of the program's goes."""
        super()._drop_broken_private()
        try:
            signal.set_wakeup_fd(self._wakeup_fd, warn_on_full_buffer=False)
        except (ValueError, OSError):  # not the main thread, or the program closed its own since
            pass

    def _relay_wakeups(self, wakeup_fd: int) -> None:
        """Let the program's ``signal.set_wakeup_fd`` work on, which uvloop replaces while it runs."""
        aio = self._aio
        if aio is None:
            return
        if self._relay_loop is not aio:
            self._close_relay()
            self._relay = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            self._relay_loop = aio
        reader, writer = self._relay
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        aio.add_reader(reader, self._on_wakeup, reader, wakeup_fd)

    def _close_relay(self) -> None:
        # Forgotten first: a signal handler may raise anywhere in here, and a number closed
        # twice is by then one of libuv's own descriptors, which ends the process.
        relay, self._relay, self._relay_loop = self._relay, (), None
        for fd in relay:
            os.close(fd)

    def _stop_driver(self) -> None:
        super()._stop_driver()
        self._close_relay()

    def _on_wakeup(self, reader: int, wakeup_fd: int) -> None:
        numbers = os.read(reader, 4096)
        try:
            os.write(wakeup_fd, numbers)
        except OSError:
            pass  # full, or closed by now: the interpreter ignores that too

    def _on_private_error(self, aio: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A Python signal handler raised inside uvloop: gevent programs expect it in the main greenlet."""
        exc = context.get("exception")
        handle = repr(context.get("handle"))
        if exc is not None and ("_read_from_self" in handle or "_on_wakeup" in handle):
            self._fired.append(_SystemError(self, exc))
            self._drain_soon()
        else:
            aio.default_exception_handler(context)
