"""Entry points for programs: run a coroutine with the hub attached, attach to a loop that runs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from bridge._compat import new_uvloop, uvloop_available
from bridge._errors import WrongContextError
from bridge._hub.nested import NestedLoop, in_nested_place
from bridge._hub.running_loop import get_running_loop
from bridge._interop.place import here, running_loop

__all__ = ["attach", "new_event_loop", "run"]

T = TypeVar("T")


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new uvloop loop, or asyncio's selector loop where uvloop is not installed.

    Inside a greenlet it is a loop that shares the thread with all others there.
    """
    if in_nested_place():
        return NestedLoop()
    if uvloop_available():
        loop: asyncio.AbstractEventLoop = new_uvloop()
        return loop
    return asyncio.SelectorEventLoop()


def run(
    main: Coroutine[Any, Any, T],
    *,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    debug: bool | None = None,
) -> T:
    """Run a coroutine as ``asyncio.run`` does, with gevent's hub as a guest on the loop.

    :param loop_factory: makes the loop; default uvloop if installed, else asyncio's
    :param debug: asyncio's debug mode; None leaves it to ``PYTHONASYNCIODEBUG``
    :raises TypeError: if *main* is a function: call it
    :raises WrongContextError: inside a running loop, where ``await`` is what to write
    :raises LoopSelectionError: if gevent already runs on another event loop in this thread
    """
    _check_main(main)
    here()
    with asyncio.Runner(debug=debug, loop_factory=loop_factory or new_event_loop) as runner:
        return runner.run(main)


def _check_main(main: object) -> None:
    if callable(main) and not inspect.isawaitable(main):
        name = getattr(main, "__name__", "main")
        raise TypeError(f"bridge.run() needs a coroutine, not {main!r}; call it: bridge.run({name}())")
    if get_running_loop() is not None and not in_nested_place():
        if asyncio.iscoroutine(main):
            main.close()  # or Python would warn that nobody awaited it
        raise WrongContextError(
            "bridge.run() was called inside a running asyncio loop. Write 'await' there; in a greenlet, "
            "bridge.wait(...) or bridge.run(...)."
        )


def attach() -> None:
    """Make the running asyncio loop the host of this thread's greenlets now.

    Otherwise that happens by itself on first use.  Any number of times.

    :raises NoHostLoopError: if no asyncio loop runs here
    :raises LoopSelectionError: if gevent already runs on another event loop in this thread
    """
    aio = running_loop("bridge.attach()")
    here().adopt(aio)
