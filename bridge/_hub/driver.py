"""The private asyncio loop that polls when no user loop runs."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from bridge._compat import new_uvloop, uvloop_available
from bridge._errors import LoopSelectionError
from bridge._hub.hosts import Hosts, original_run_forever
from bridge._types import HostLoop

__all__ = ["Driver", "private_loop_kind"]


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

    def _new_private_loop(self) -> HostLoop:
        kind = private_loop_kind()
        aio: Any = new_uvloop() if kind == "uvloop" else _PrivateSelectorLoop()
        # Debug mode (PYTHONASYNCIODEBUG, -X dev) is about asyncio code; here it would
        # call every greenlet that computes for 100 ms a slow callback.
        aio.set_debug(False)
        aio.set_exception_handler(self._on_private_error)
        return aio  # type: ignore[no-any-return]

    def _run_private(self, private: HostLoop) -> None:
        original_run_forever(private)

    def _on_private_error(self, aio: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A Python signal handler raised inside uvloop: gevent programs expect it in the main greenlet."""
        exc = context.get("exception")
        if exc is not None and "_read_from_self" in repr(context.get("handle")):
            self._fired.append(_SystemError(self, exc))
            self._drain_soon()
        else:
            aio.default_exception_handler(context)
