"""A websocket for greenlets: calls that wait until they can go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import WebSocketClosed, WriteTimeout
from engine.interfaces import ParkingPlace
from engine.websocket.websocket import WebSocket

if TYPE_CHECKING:
    from engine.websocket.session import Message

__all__ = ["BlockingWebSocket"]


class BlockingWebSocket:
    """Any number of greenlets may call at once; each message goes to one of them.

    :param new_parking: makes a place where the current greenlet can wait
    :param timeout: longest wait for the client to take something, in seconds
    """

    def __init__(self, websocket: WebSocket, new_parking: Callable[[], ParkingPlace], timeout: float) -> None:
        self.websocket = websocket
        self._new_parking = new_parking
        self._timeout = timeout

    def receive(self) -> Message:
        """Wait for the next message and return it.

        :raises WebSocketClosed: if there will never be one
        """
        websocket = self.websocket
        while True:
            message = websocket.take()
            if message is not None:
                return message
            self._wait(None)

    def send(self, data: str | bytes, text: bool) -> None:
        """Send a message; wait while the client is slow.

        :raises WebSocketClosed: if the websocket is closed, or the client took nothing for the timeout
        """
        websocket = self.websocket
        while websocket.is_full():
            if not self._wait(self._timeout) and websocket.is_full():
                websocket.abort()
                error = WriteTimeout(f"the client took nothing for {self._timeout:g} seconds")
                raise WebSocketClosed("unable to send websocket message", 1006, "") from error
        websocket.send(data, text)

    def _wait(self, timeout: float | None) -> bool:
        parking = self._new_parking()
        wakers = self.websocket.wakers
        wakers.append(parking.unpark)
        try:
            return parking.park(timeout)
        finally:
            wakers.remove(parking.unpark)

    def __repr__(self) -> str:
        return f"<BlockingWebSocket {self.websocket!r}>"
