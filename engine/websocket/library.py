"""The ``websockets`` library, imported at the first handshake: most applications never need it."""

from __future__ import annotations

import importlib.util

from engine.errors import EngineError

__all__ = ["LibraryMissing", "require"]


class LibraryMissing(EngineError, ImportError):
    """An application wants a websocket, but the library that speaks the protocol is not installed."""


def require() -> None:
    """Make sure that the library can be imported.

    :raises LibraryMissing: with the command that installs it
    """
    if importlib.util.find_spec("websockets") is None:
        raise LibraryMissing(
            "websockets need the library 'websockets', which is not installed: "
            "pip install 'gevent-bridge[websocket]'"
        )
