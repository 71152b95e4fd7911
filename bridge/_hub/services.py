"""What the rest of the package asks of a thread's loop."""

from __future__ import annotations

from typing import Any

from bridge._hub.driver import Driver
from bridge._hub.running_loop import get_running_loop
from bridge._types import Fireable

__all__ = ["Services"]


class Services(Driver):
    """Questions and requests; all in the loop's own thread unless noted."""

    __slots__ = ()

    def host_loop(self) -> Any:
        """Return the asyncio loop that hosts this thread: the user's if one runs, else the private one."""
        if self._ext_aio is not None:
            return self._ext_aio
        if self._private is None or self._private.is_closed():
            self._private = self._new_private_loop()
        return self._private

    def adopt(self, running: Any) -> None:
        """Make the running loop the host now, if it is not yet."""
        if self._aio is not running:
            self._adopt_running_loop(running)

    def fire_from_host(self, event: Fireable) -> None:
        """Run *event* in the hub: at once where that is safe, else in the next turn of the asyncio loop.

        Callable from any thread.  At once means: before this returns, when the selector
        loop that hosts us is calling.  On uvloop a protocol's or a descriptor's callback
        must not enter the hub (see ``Trampoline._drain_soon``), so the event waits for the
        rest of the poll.
        """
        running = get_running_loop()
        if running is None or running is not self._aio:
            self._fire_threadsafe(event)
            return
        self._fired.append(event)
        if self._on_uvloop:
            self._drain_soon()
        else:
            self._enter_hub()
