"""uvloop under gevent's patching.

It polls in C and needs no selector, but it bound functions when it was
imported, and two of its habits meet patched threads:

- It asks ``threading.main_thread().ident`` once per process whether it runs
  in the main thread.  The patched answer is the id of a greenlet: then
  ``add_signal_handler`` refuses, and Ctrl-C is seen late.
- Its default executor and the thread that shuts it down come from the patched
  ``threading``.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from bridge._compat import MAIN_THREAD_IDENT, get_native_ident, new_uvloop
from bridge._pristine.ending import wait_ended
from bridge._pristine.executors import DefaultExecutor

__all__ = ["repair_uvloop"]

# In the loop's __dict__: what uvloop's C attribute of the same meaning holds, which Python cannot read.
_EXECUTOR = "_bridge_default_executor"


def repair_uvloop() -> None:
    """Repair uvloop if it was imported; more than once does no harm."""
    uvloop: Any = sys.modules.get("uvloop")
    loop_class: Any = getattr(uvloop, "Loop", None)
    if loop_class is None or "_bridge_repaired" in vars(loop_class):
        return
    if get_native_ident() == MAIN_THREAD_IDENT:
        _teach_main_thread()
        # uvloop forgets the answer in a forked child and asks again.
        os.register_at_fork(after_in_child=_teach_main_thread)
    run, choose, end = (
        loop_class.run_in_executor,
        loop_class.set_default_executor,
        loop_class.shutdown_default_executor,
    )
    loop_class.run_in_executor = _run_in_executor(run, choose)
    loop_class.set_default_executor = _set_default_executor(choose)
    loop_class.shutdown_default_executor = _shutdown_default_executor(choose, end)
    loop_class._bridge_repaired = True


def _teach_main_thread() -> None:
    """Let uvloop ask for the main thread's ident, once, while the answer is the native one."""
    main: Any = threading.main_thread()
    seen = main._ident
    aio = new_uvloop()
    main._ident = get_native_ident()  # in a forked child the thread that forked is the main one
    try:
        # The cheapest call that asks; whether it finds a handler does not matter.
        aio.remove_signal_handler(signal.SIGUSR1)
    except ValueError:
        pass  # It had asked before, and got the wrong answer: nothing can be done.
    finally:
        main._ident = seen
        aio.close()


def _set_default_executor(choose: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(choose)
    def set_default_executor(self: Any, executor: Any) -> None:
        choose(self, executor)
        self.__dict__[_EXECUTOR] = executor

    return set_default_executor


def _run_in_executor(run: Callable[..., Any], choose: Callable[..., None]) -> Callable[..., Any]:
    @functools.wraps(run)
    def run_in_executor(self: Any, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        if executor is None and self.__dict__.get(_EXECUTOR) is None:
            made = DefaultExecutor(thread_name_prefix="uvloop")
            choose(self, made)
            self.__dict__[_EXECUTOR] = made
        return run(self, executor, func, *args)

    return run_in_executor


def _shutdown_default_executor(choose: Callable[..., None], end: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(end)
    async def shutdown_default_executor(self: Any, timeout: float | None = None) -> None:  # noqa: ASYNC109
        executor = self.__dict__.get(_EXECUTOR)
        if executor is None:
            await end(self, timeout)
            return
        choose(self, None)  # so that uvloop only notes that its executor is gone
        await end(self, timeout)
        self.__dict__[_EXECUTOR] = None
        await wait_ended(self, executor, timeout)

    return shutdown_default_executor
