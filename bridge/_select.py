"""Make gevent use the bridge's loop."""

from __future__ import annotations

from typing import Any

from gevent import config
from gevent._hub_local import get_hub_if_exists

from bridge._errors import LoopSelectionError
from bridge.loop import loop

__all__ = ["require_bridge_loop", "select_loop"]


def select_loop() -> None:
    """Let hubs created from now on run on :class:`bridge.loop.loop`."""
    settings: Any = config
    if settings.loop is not loop:
        settings.loop = loop


def require_bridge_loop() -> None:
    """Refuse to go on if this thread's hub runs on another loop.

    :raises LoopSelectionError: saying what to change
    """
    hub: Any = get_hub_if_exists()
    if hub is not None and not isinstance(hub.loop, loop):
        raise LoopSelectionError(
            "before bridge was imported, gevent's hub of this thread was created on "
            f"{type(hub.loop).__module__}.{type(hub.loop).__name__}. "
            "Import bridge before anything uses gevent, or set GEVENT_LOOP=bridge.loop.loop."
        )
