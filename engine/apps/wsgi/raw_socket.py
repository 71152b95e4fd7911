"""``environ["werkzeug.socket"]``: a socket for libraries that speak the websocket protocol by themselves.

simple-websocket, and with it Flask-Sock and the Socket.IO server without gevent-websocket, know the environs
of a few servers; Werkzeug's is the one in which what the application returns afterwards does no harm.
"""

from __future__ import annotations

import socket
from typing import Any

from engine.net.socket_pump import SocketPump
from engine.request.exchange import Exchange

__all__ = ["RawSocket"]


class RawSocket:
    """Like a socket connected to the client; made at first use, from then on HTTP is over.

    Under monkey patching it is a cooperative one; without it waits in it block the whole worker.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._socket: socket.socket | None = None
        self._pump: SocketPump | None = None

    def _taken(self) -> socket.socket:
        if self._socket is None:
            ours, theirs = socket.socketpair()
            self._pump = SocketPump(ours)
            try:
                self._exchange.take_over(self._pump)
            except BaseException:
                ours.close()
                theirs.close()
                raise
            self._socket = theirs
        return self._socket

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._taken(), name)

    def send(self, data: bytes, flags: int = 0) -> int:
        """Send all of *data*; wait while the client is slow.

        Never in part: simple-websocket does not look at the result.

        :raises OSError: if the client is gone, or took nothing for ``--socket-timeout``
        """
        self._taken()
        pump = self._pump
        assert pump is not None
        link: Any = self._exchange.link
        while pump.is_full():
            parking = link.new_parking()
            pump.wakers.append(parking.unpark)
            try:
                awake = parking.park(link.send_timeout())
            finally:
                pump.wakers.remove(parking.unpark)
            if not awake and pump.is_full():
                raise TimeoutError(f"the client took nothing for {link.send_timeout():g} seconds")
        pump.send(bytes(data))
        return len(data)

    def sendall(self, data: bytes, flags: int = 0) -> None:
        """As :meth:`send`."""
        self.send(data, flags)

    def fileno(self) -> int:
        """The descriptor."""
        return self._taken().fileno()

    def __repr__(self) -> str:
        return f"<werkzeug.socket {self._socket or 'not used yet'!r}>"
