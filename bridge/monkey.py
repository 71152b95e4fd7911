"""``gevent.monkey.patch_all`` with asyncio kept working.

Plain ``gevent.monkey.patch_all()`` (also ``python -m gevent.monkey``) does as
well, before or after the import of ``bridge``: asyncio gets the original
modules back when both are there, and nothing else does.

``asyncio.to_thread`` and ``loop.run_in_executor(None, ...)`` use native
threads.  To use greenlets for them, pass ``bridge_executor="greenlet"`` to
``patch_all`` (this one or gevent's), or set ``BRIDGE_EXECUTOR=greenlet``.

What is patched stays so in children that are forked later.
"""

from __future__ import annotations

from typing import Any

import gevent.events
import gevent.monkey

from bridge._pristine.executors import choose
from bridge._pristine.rebind import rebind

__all__ = ["patch_all", "repair_asyncio"]


def patch_all(*args: Any, **kwargs: Any) -> bool | None:
    """Do ``gevent.monkey.patch_all`` and keep asyncio and uvloop working.

    Takes the same arguments, and returns the same: false if a subscriber
    cancelled the patching, None if there was nothing left to patch.  Call it
    in the main thread, as early as possible.

    :param bridge_executor: ``"thread"`` (default) or ``"greenlet"``: what
        default executors of asyncio loops run functions in from now on
    :raises ValueError: if ``bridge_executor`` is anything else; nothing is patched then
    """
    if "bridge_executor" in kwargs:
        choose(kwargs["bridge_executor"])
    repair_asyncio()
    done: bool | None = gevent.monkey.patch_all(*args, **kwargs)
    repair_asyncio()
    return done


def repair_asyncio() -> None:
    """Give asyncio and uvloop the original modules wherever gevent has patched them, now and later.

    ``import bridge`` does this.  Any number of times; nothing is changed while
    nothing is patched.  It changes modules, so other threads should not be
    importing them meanwhile.
    """
    if _on_patch_event not in gevent.events.subscribers:
        gevent.events.subscribers.append(_on_patch_event)
    rebind()


def _on_patch_event(event: object) -> None:
    if isinstance(event, gevent.events.GeventWillPatchAllEvent):
        kind = event.patch_all_kwargs.get("bridge_executor")
        if kind is not None:
            choose(kind)
    elif isinstance(event, gevent.events.GeventDidPatchModuleEvent):
        # After each module, because patch_socket() and the like may be called alone,
        # and other subscribers of the events that follow may use asyncio.
        rebind()
