"""Putting the stand-ins in place: module globals of ``asyncio.*`` and uvloop.

A global that *is* a patched module becomes its stand-in, one that is a
patched function or class becomes the original, and a module-level lock of
gevent becomes a native one.  The test is identity, so the order of imports
and patching does not matter, and doing it again changes nothing.

All modules of the package asyncio that run in a program are loaded by
``import asyncio``, which this module does; so none can come later.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final

from gevent.lock import BoundedSemaphore

from bridge._pristine.built_loops import repair_built_loops
from bridge._pristine.ending import repair_shutdown
from bridge._pristine.originals import is_patched, originals_of
from bridge._pristine.policy import repair_policy
from bridge._pristine.preload import preload
from bridge._pristine.standins import STANDINS, pristine_concurrent
from bridge._pristine.threads import native_lock
from bridge._pristine.uvloop_ import repair_uvloop

__all__ = ["rebind"]

_PACKAGES: Final = ("asyncio", "uvloop")
# gevent's replacement of threading.Lock: a class of its own, of which the type hints know nothing.
_Lock: Final[type[BoundedSemaphore]] = vars(importlib.import_module("gevent.thread"))["LockType"]
# Modules from which asyncio may have imported a function or class by name.
_SOURCES: Final = (
    "_thread",
    "threading",
    "os",
    "select",
    "selectors",
    "signal",
    "socket",
    "subprocess",
    "time",
)


def rebind() -> None:
    """Give asyncio what gevent has patched so far; call it again when more was patched."""
    replacements = dict(_replacements())
    if not replacements:
        return
    threads = is_patched("threading", "_thread")
    selectors_before = asyncio.selector_events.selectors  # type: ignore[attr-defined]
    for module in _modules():
        _rebind_module(module, replacements, threads)
    if threads or is_patched("queue"):
        # Of the latter the standard executor's workers would be native, and its queue would not.
        vars(asyncio.base_events)["concurrent"] = pristine_concurrent()
        repair_uvloop()
    if threads:
        preload()
        repair_shutdown()
        repair_policy()
    selectors_now = asyncio.selector_events.selectors  # type: ignore[attr-defined]
    if selectors_now is not selectors_before:
        repair_built_loops(selectors_now)


def _modules() -> list[ModuleType]:
    return [
        module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in _PACKAGES and isinstance(module, ModuleType)
    ]


def _replacements() -> Iterator[tuple[int, Any]]:
    """Yield id of what is to be replaced, and what replaces it."""
    for module, make, reasons in STANDINS:
        if is_patched(*reasons):
            yield id(module), make()
    for name in _SOURCES:
        originals = originals_of(name)
        patched = vars(importlib.import_module(name)) if originals else {}
        for item, original in originals.items():
            now = patched.get(item)
            # None and False are among what gevent puts in place.
            if callable(now) and now is not original:
                yield id(now), original


def _rebind_module(module: ModuleType, replacements: dict[int, Any], threads: bool) -> None:
    namespace = vars(module)
    for name, value in list(namespace.items()):
        replacement = replacements.get(id(value))
        if replacement is not None:
            namespace[name] = replacement
        elif threads and type(value) is _Lock and not value.locked():
            # Made while asyncio was imported; another native thread would wait for it in a hub.
            namespace[name] = native_lock()
