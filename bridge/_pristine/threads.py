"""Native threads beside gevent's greenlet threads.

The module ``threading`` is not executed again: it keeps the list of all
threads and hooks into interpreter shutdown and fork, which must exist once.
asyncio and ``subprocess`` use little of it: that little is here.
"""

from __future__ import annotations

import _thread
import itertools
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, Final

from gevent._hub_local import get_hub_if_exists

from bridge._compat import MAIN_THREAD_IDENT, ThreadLocal, get_native_ident
from bridge._pristine.originals import copy_of, originals_of

__all__ = ["NativeThread", "native_lock", "native_rlock", "pristine_threading"]

native_lock: Final[Callable[[], _thread.LockType]] = originals_of("_thread").get(
    "allocate_lock", _thread.allocate_lock
)
native_rlock: Final[Callable[[], Any]] = originals_of("_thread").get("RLock", _thread.RLock)
_start_new_thread: Final[Callable[..., int]] = originals_of("_thread").get(
    "start_new_thread", _thread.start_new_thread
)
_numbers = itertools.count(1)
_running: dict[int, NativeThread] = {}


class NativeThread:
    """What asyncio uses of ``threading.Thread``, on a thread of the operating system.

    Functions run in it may use gevent, and patched blocking calls do: the hub
    that this makes lasts until the thread ends.
    """

    def __init__(
        self,
        group: None = None,
        target: Callable[..., object] | None = None,
        name: str | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
        context: object = None,
    ) -> None:
        self.name = f"Thread-native-{next(_numbers)}" if name is None else name
        self.daemon = bool(daemon)
        self.ident: int | None = None
        self.native_id: int | None = None
        self._target = target
        self._args = tuple(args)
        self._kwargs = dict(kwargs or {})
        self._started = False
        self._ended = native_lock()  # held from start() to the end

    def start(self) -> None:
        """Start the thread; unlike ``Thread.start`` this does not wait until it runs.

        :raises RuntimeError: if it was started before
        """
        if self._started:
            raise RuntimeError("threads can only be started once")
        self._started = True
        self._ended.acquire()
        try:
            _start_new_thread(self._live, ())
        except BaseException:
            self._ended.release()
            raise

    def run(self) -> None:
        """Call the target."""
        if self._target is not None:
            self._target(*self._args, **self._kwargs)

    def is_alive(self) -> bool:
        """Tell whether the thread was started and has not ended."""
        return self._started and self._ended.locked()

    def join(self, timeout: float | None = None) -> None:
        """Block this native thread, with all its greenlets, until the other one has ended.

        :param timeout: seconds; None means for ever
        """
        if not self._started:
            raise RuntimeError("cannot join thread before it is started")
        if _running.get(get_native_ident()) is self:  # idents of ended threads are used again
            raise RuntimeError("cannot join current thread")
        if self._ended.acquire(timeout=-1 if timeout is None else max(timeout, 0)):
            self._ended.release()

    def _live(self) -> None:
        self.ident = get_native_ident()
        self.native_id = _thread.get_native_id()
        _running[self.ident] = self
        try:
            # threading.current_thread() gives a dummy of gevent's here; log records show its name.
            threading.current_thread().name = self.name
            self.run()
        except SystemExit:
            pass
        except BaseException:
            threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), None)))
        finally:
            try:
                self._destroy_hub()
            finally:
                self._target = None
                self._args, self._kwargs = (), {}
                _running.pop(self.ident, None)
                self._ended.release()

    @staticmethod
    def _destroy_hub() -> None:
        hub = get_hub_if_exists()
        if hub is not None:
            hub.destroy(destroy_loop=True)

    def __repr__(self) -> str:
        state = "initial" if not self._started else "started" if self.is_alive() else "stopped"
        return f"<{type(self).__name__}({self.name}, {state}{' daemon' if self.daemon else ''} {self.ident})>"


def _current_thread() -> Any:
    ident = get_native_ident()
    if ident == MAIN_THREAD_IDENT:
        return threading.main_thread()
    return _running.get(ident) or threading.current_thread()


def _after_fork_in_child() -> None:
    """Only the forking thread lives on in the child; nobody shall wait for the others."""
    here = get_native_ident()
    for ident, thread in list(_running.items()):
        if ident != here:
            del _running[ident]
            if thread._ended.locked():
                thread._ended.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def pristine_threading() -> ModuleType:
    """Return a stand-in for ``threading``: every greenlet is in the native thread it runs in."""
    twin = copy_of(threading)
    twin.__dict__.update(
        Lock=native_lock,
        RLock=native_rlock,
        Thread=NativeThread,
        current_thread=_current_thread,
        get_ident=get_native_ident,
        local=ThreadLocal,
    )
    return twin
