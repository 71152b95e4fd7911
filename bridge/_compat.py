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
    "ThreadLocal",
    "get_native_ident",
    "getpid",
    "native_signal",
    "native_waitpid",
    "new_uvloop",
    "uvloop_available",
]

PY312: Final = sys.version_info >= (3, 12)
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
