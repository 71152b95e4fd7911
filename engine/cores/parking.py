"""Where the greenlets of requests wait for their clients."""

from __future__ import annotations

from bridge.lowlevel import Parking, current_greenlet

__all__ = ["RequestParking"]


class RequestParking(Parking):
    """Counts for the log how often the server let a request wait (uWSGI ``switches``).

    What the application waits for is not counted, in uWSGI neither: its greenlet is switched by gevent, which
    tells nobody, and looking at every switch would cost each of them.
    """

    __slots__ = ()

    def park(self, timeout: float | None = None) -> bool:
        """As :meth:`bridge.lowlevel.Parking.park`."""
        exchange = getattr(current_greenlet(), "exchange", None)
        if exchange is not None:
            exchange.switches += 1
        return Parking.park(self, timeout)
