"""The table of stand-ins: which patched module asyncio sees as what."""

from __future__ import annotations

import concurrent.futures
import functools
import os
import select
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Final

from bridge._pristine.executors import DefaultExecutor
from bridge._pristine.originals import copy_of
from bridge._pristine.selectors_ import pristine_selectors
from bridge._pristine.socket_ import pristine_socket
from bridge._pristine.subprocess_ import pristine_subprocess
from bridge._pristine.threads import pristine_threading

__all__ = ["STANDINS", "pristine_concurrent"]


def _once(make: Callable[[], ModuleType]) -> Callable[[], ModuleType]:
    """One stand-in per process, however often more gets patched: its content never was the patched one."""
    return functools.cache(make)


_os = _once(lambda: copy_of(os))
_select = _once(lambda: copy_of(select))
_signal = _once(lambda: copy_of(signal))
_time = _once(lambda: copy_of(time))
_threading = _once(pristine_threading)
_selectors = _once(lambda: pristine_selectors(_select()))
_socket = _once(lambda: pristine_socket({"os": _os(), "selectors": _selectors()}))
_subprocess = _once(
    lambda: pristine_subprocess(
        {
            "os": _os(),
            "select": _select(),
            "selectors": _selectors(),
            "signal": _signal(),
            "threading": _threading(),
            "time": _time(),
        }
    )
)

# Module, what makes its stand-in, and the modules that must be patched for it to be needed.
STANDINS: Final[tuple[tuple[ModuleType, Callable[[], ModuleType], tuple[str, ...]], ...]] = (
    (os, _os, ("os",)),
    (select, _select, ("select",)),
    (signal, _signal, ("signal",)),
    (time, _time, ("time",)),
    (threading, _threading, ("threading", "_thread")),
    (selectors, _selectors, ("selectors", "select")),
    (socket, _socket, ("socket",)),
    (subprocess, _subprocess, ("subprocess", "os", "select", "selectors", "signal", "threading", "time")),
)


@functools.cache
def pristine_concurrent() -> ModuleType:
    """Return a stand-in for the package ``concurrent``, whose thread pool is the chosen executor."""
    package = copy_of(concurrent)
    futures = copy_of(concurrent.futures)
    futures.__dict__["ThreadPoolExecutor"] = DefaultExecutor
    package.__dict__["futures"] = futures
    return package
