"""A connection that speaks the uwsgi protocol, as nginx's ``uwsgi_pass`` does.

One request per connection; the reply ends by close.
"""

from __future__ import annotations

from typing import Any

from engine.interfaces import Environ
from engine.net.connection import Connection
from engine.net.frontend import FrontEnd
from engine.protocols.http1.framing import Framing
from engine.protocols.uwsgi.protocol import PING_REPLY, UwsgiParser, response_head
from engine.request.exchange import Exchange

__all__ = ["UwsgiConnection"]

_PING = 100


class UwsgiConnection(Connection):
    """Speaks uwsgi with one front end."""

    def __init__(self, front: FrontEnd, known: Environ | None = None) -> None:
        Connection.__init__(self, front, UwsgiParser(front.limits), known)
        self._serving = False

    def _begin(self, head: Any) -> Exchange | None:
        if head.modifier1 in (0, 30):
            return Connection._begin(self, head)
        if head.modifier1 == _PING:
            self._answer(PING_REPLY)
            return None
        service = self.front.services.get(head.modifier1)
        if service is not None:
            self._serving = True
            service(head, self._answer)
            return None
        self.front.log.line(f"-- unavailable modifier requested: {head.modifier1} --")
        self._close()
        return None

    def _answer(self, data: bytes) -> None:
        self._serving = False
        if data and self._transport is not None:
            self._out().write_now(data)
        self._close()

    def close_if_idle(self) -> bool:
        """Close unless something is being answered; the server is stopping."""
        return False if self._serving else Connection.close_if_idle(self)

    def encode_head(
        self, head: Any, status: str, headers: list[tuple[str, str]], length: int | None
    ) -> tuple[bytes, Framing]:
        """Encode a head; the framing is until close."""
        return response_head(status, headers, head.method, head.variables.get("SERVER_PROTOCOL", "HTTP/1.0"))

    def remote_addr(self, head: Any) -> str:
        """The client's address, as the front end tells it."""
        return str(head.variables.get("REMOTE_ADDR", ""))

    def _refuse(self, status: int, detail: str, head_only: bool = False) -> bytes:
        return b""  # uWSGI answers nothing; nginx makes a 502 of it

    def _facts(self) -> Environ:
        return {}  # all there is to know is in the request's variables

    def __repr__(self) -> str:
        return f"<uwsgi {self._parser!r}>"
