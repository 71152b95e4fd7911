"""The loop that ``asyncio.run`` uses inside a greenlet."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVarTuple

from gevent.hub import get_hub

from bridge._hub.nested.selector import NestedSelector

__all__ = ["NestedLoop"]

_Ts = TypeVarTuple("_Ts")


class NestedLoop(asyncio.SelectorEventLoop):
    """What ``asyncio.run`` uses inside a greenlet: a selector loop without descriptors of its own."""

    _selector: NestedSelector
    _ssock = None
    _csock = None

    def __init__(self) -> None:
        super().__init__(NestedSelector())
        self._signal_watchers: dict[int, Any] = {}

    # -- waking: no socket pair ----------------------------------------------------

    def _make_self_pipe(self) -> None:
        pass

    def _close_self_pipe(self) -> None:
        pass

    def _write_to_self(self) -> None:
        selector = self._selector
        if selector is not None:
            selector.wake_threadsafe()

    def call_soon(
        self, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = super().call_soon(callback, *args, context=context)
        if self._selector._parked is not None:
            self._selector.wake()
        return handle

    def call_at(
        self, when: float, callback: Callable[[*_Ts], object], *args: *_Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = super().call_at(when, callback, *args, context=context)
        if self._selector._parked is not None:
            self._selector.wake()  # it may be due before what the loop waits for
        return handle

    # -- signals: asyncio would take over the process's wake-up descriptor ------------

    def add_signal_handler(self, sig: int, callback: Callable[[*_Ts], object], *args: *_Ts) -> None:
        """Call back when the signal arrives; several loops may watch the same one."""
        if asyncio.iscoroutine(callback) or inspect.iscoroutinefunction(callback):
            raise TypeError("coroutines cannot be used with add_signal_handler()")
        self._check_signal(sig)  # type: ignore[attr-defined]
        self._check_closed()  # type: ignore[attr-defined]
        self.remove_signal_handler(sig)
        handle = asyncio.Handle(callback, args, self)
        try:
            watcher = get_hub().loop.signal(sig, ref=False)
            watcher.start(self._on_signal, handle)
        except ValueError as exc:
            raise RuntimeError(f"sig {sig} cannot be caught: {exc}") from exc
        self._signal_watchers[sig] = watcher

    def remove_signal_handler(self, sig: int) -> bool:
        self._check_signal(sig)  # type: ignore[attr-defined]
        watcher = self._signal_watchers.pop(sig, None)
        if watcher is None:
            return False
        watcher.close()
        return True

    def _on_signal(self, handle: asyncio.Handle) -> None:
        if not handle.cancelled():
            self._add_callback_signalsafe(handle)  # type: ignore[attr-defined]

    # -- life ------------------------------------------------------------------------

    def close(self) -> None:
        if not self.is_running():
            for sig in list(self._signal_watchers):
                self.remove_signal_handler(sig)
        super().close()
