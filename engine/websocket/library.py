"""The ``websockets`` library, imported at the first handshake: most applications never need it."""

from __future__ import annotations

import functools
import importlib
import importlib.util

from engine.errors import EngineError

__all__ = ["LibraryMissing", "is_installed", "require"]


class LibraryMissing(EngineError, ImportError):
    """An application wants a websocket, but the library that speaks the protocol cannot be imported."""


@functools.cache
def is_installed() -> bool:
    """Whether the library seems to be there; it is not imported."""
    found = importlib.util.find_spec("websockets")
    return found is not None and found.submodule_search_locations is not None


def require() -> None:
    """Make sure that the library can be imported.

    :raises LibraryMissing: with what to do about it
    """
    try:
        importlib.import_module("websockets.protocol")
    except ImportError as error:
        raise LibraryMissing(_advice()) from error


def _advice() -> str:
    found = importlib.util.find_spec("websockets")
    if found is not None and found.submodule_search_locations is None:
        return f"{found.origin} hides the library 'websockets', which websockets need: rename that file"
    return "websockets need the library 'websockets' from 14 on: pip install 'gevent-bridge[websocket]'"
