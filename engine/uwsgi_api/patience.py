"""Waiting for a request body no longer than somebody has patience."""

from __future__ import annotations

import time

from bridge.lowlevel import Parking
from engine.errors import BodyTimeout
from engine.request.body import RequestBody

__all__ = ["take_within"]


def take_within(body: RequestBody, limit: int, seconds: float) -> bytes:
    """Return the next bytes of *body*, at most *limit*; ``b""`` at the end.

    :raises ClientDisconnected: if the client went away or broke the framing
    :raises BodyTimeout: if nothing has arrived after *seconds*
    """
    give_up = time.monotonic() + seconds
    data = body.take_now(limit)
    if data is not None:
        return data
    place = Parking()
    body.tell(place)
    try:
        while (data := body.take_now(limit)) is None:
            if not place.park(max(0.0, give_up - time.monotonic())):
                raise BodyTimeout(f"nothing arrived for {seconds:g} seconds")
    finally:
        body.tell(None)
    return data
