"""The only module that looks at versions and at what monkey patching replaced.

Everything here is the *native* object, even when gevent has patched the
standard library before the bridge was imported.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

import gevent.hub
from gevent.monkey import get_original, is_module_patched

__all__ = [
    "HAVE_PIDFD",
    "MAIN_THREAD_IDENT",
    "PY312",
    "PY314",
    "ThreadLocal",
    "base_policy",
    "current_policy",
    "default_policy",
    "get_native_ident",
    "getpid",
    "native_signal",
    "native_waitpid",
    "new_uvloop",
    "uvloop_available",
]

PY312: Final = sys.version_info >= (3, 12)
PY314: Final = sys.version_info >= (3, 14)
HAVE_PIDFD: Final = hasattr(os, "pidfd_open")
# Native.  Once threads are patched the main thread's own ident is the id of a greenlet; then
# gevent knows, if it was imported in the main thread, as patching must be.
MAIN_THREAD_IDENT: Final[int] = (
    vars(gevent.hub)["MAIN_THREAD_IDENT"]
    if is_module_patched("threading")
    else threading.main_thread().ident or 0
)

get_native_ident: Final[Callable[[], int]] = get_original("_thread", "get_ident")
ThreadLocal: Final[Any] = get_original("_thread", "_local")
getpid: Final = os.getpid


def native_waitpid(pid: int, options: int) -> tuple[int, int]:
    """Call the operating system's waitpid(2), never gevent's table of watched children."""
    result: tuple[int, int] = get_original("os", "waitpid")(pid, options)
    return result


def native_signal(signum: int, handler: Any) -> Any:
    """Call the interpreter's ``signal.signal``, never gevent's replacement of it."""
    return get_original("signal", "signal")(signum, handler)


def base_policy() -> Any:
    """Return the class below asyncio's own event loop policies; None if this Python has no policies.

    Python 3.14 put an underscore before its name, 3.16 is to remove it.
    """
    import asyncio.events

    found = vars(asyncio.events)
    return found.get("BaseDefaultEventLoopPolicy") or found.get("_BaseDefaultEventLoopPolicy")


def default_policy() -> Any:
    """Return the class of asyncio's default policy, without the warning that its public name gives."""
    import asyncio

    # Naming it in the "asyncio" package warns from Python 3.14 on; the module that has it does not.
    found = vars(sys.modules[asyncio.SelectorEventLoop.__module__])
    return found.get("DefaultEventLoopPolicy") or found["_DefaultEventLoopPolicy"]


def current_policy() -> Any:
    """Return the event loop policy in use, without the warning of Python 3.14."""
    import asyncio.events

    found = vars(asyncio.events)
    return (found.get("_get_event_loop_policy") or found["get_event_loop_policy"])()


def uvloop_available() -> bool:
    """Tell whether uvloop can be imported here."""
    try:
        import uvloop  # noqa: F401
    except ImportError:
        return False
    return True


def new_uvloop() -> Any:
    """Return a new uvloop loop; ImportError when uvloop is not installed."""
    import uvloop

    return uvloop.new_event_loop()
