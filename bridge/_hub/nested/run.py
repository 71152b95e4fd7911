"""Which loops run nested, and how one does: its own kind, or a selector loop made elsewhere."""

from __future__ import annotations

import functools
from asyncio.selector_events import BaseSelectorEventLoop
from collections.abc import Callable
from typing import Any

from gevent.hub import get_hub
from greenlet import getcurrent

from bridge._errors import WrongContextError
from bridge._hub.nested.loop import NestedLoop
from bridge._hub.nested.place import in_nested_place
from bridge._hub.nested.selector import NestedSelector
from bridge._hub.nested.slots import NestedSlots
from bridge._hub.running_loop import get_running_loop
from bridge._hub.swapping import Swapping

__all__ = ["is_nested", "must_nest", "run_nested"]


def must_nest(aio: Any, hosted: bool) -> bool:
    """Tell whether *aio*, about to run in the current greenlet, has to share the thread.

    :param hosted: another loop hosts this thread already
    :raises WrongContextError: if it has to and cannot
    """
    if isinstance(aio, NestedLoop):
        return True
    if not in_nested_place():
        return False
    if isinstance(aio, BaseSelectorEventLoop):
        return True
    if hosted:
        raise WrongContextError(
            f"{type(aio).__module__}.{type(aio).__qualname__} cannot run inside a greenlet while another "
            "asyncio loop hosts this thread, because it polls by itself. Write asyncio.run(main()) without a "
            "loop_factory, which uses a loop that can, or bridge.wait(main()) to run it on the host's loop."
        )
    return False


def is_nested(aio: Any) -> bool:
    """Tell whether *aio* runs nested, so cannot host the thread."""
    return type(getattr(aio, "_selector", None)) is NestedSelector


def run_nested(original: Callable[[Any], None], aio: Any) -> None:
    """Run *aio*, for which :func:`must_nest` said yes; *original* is ``run_forever`` of its class."""
    own = None if isinstance(aio, NestedLoop) else _lend_selector(aio)
    slots = NestedSlots(aio)
    slots._outer = get_running_loop()
    swapping = Swapping(getcurrent(), slots)
    selector: NestedSelector = aio._selector
    selector.bind(get_hub(), slots)
    try:
        original(aio)
    finally:
        slots.end()
        swapping.undo()
        selector.unbind()
        if own is not None:
            _return_selector(aio, selector, own)


def _lend_selector(aio: Any) -> Any:
    """Give a selector loop, made elsewhere, a selector that parks; return its own."""
    own = aio._selector
    lent = NestedSelector()
    for key in list(own.get_map().values()):
        lent.register(key.fd, key.events, key.data)
    aio._selector = lent
    for name in ("call_soon", "call_at"):
        setattr(aio, name, functools.partial(_waking, getattr(type(aio), name), aio))
    return own


def _return_selector(aio: Any, lent: NestedSelector, own: Any) -> None:
    for name in ("call_soon", "call_at"):
        vars(aio).pop(name, None)
    for key in list(own.get_map().values()):
        own.unregister(key.fileobj)
    keys = list(lent.get_map().values())
    lent.close()
    for key in keys:
        own.register(key.fd, key.events, key.data)
    aio._selector = own


def _waking(method: Callable[..., Any], aio: Any, *args: Any, **kwargs: Any) -> Any:
    handle = method(aio, *args, **kwargs)
    if aio._selector._parked is not None:
        aio._selector.wake()
    return handle
