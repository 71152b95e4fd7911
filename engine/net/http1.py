"""An HTTP/1.1 connection (RFC 9112)."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

from engine.interfaces import Environ
from engine.net.connection import Connection
from engine.net.frontend import FrontEnd
from engine.net.peer import peer_facts
from engine.protocols.events import RequestHead
from engine.protocols.http1.framing import Framing
from engine.protocols.http1.parser import Http1Parser
from engine.protocols.http1.writer import CONTINUE, error_page, response_head
from engine.request.exchange import Exchange

__all__ = ["Http1Connection"]


class Http1Connection(Connection):
    """Speaks HTTP/1.1 and 1.0 with one client."""

    def __init__(self, front: FrontEnd, known: Environ | None = None) -> None:
        Connection.__init__(self, front, Http1Parser(front.limits), known)
        self.serves: Callable[[str], bool] | None = None
        """Whether a Host may be asked for on this connection; None: any."""

    def _begin(self, head: Any) -> Exchange | None:
        if self.serves is not None and not self.serves(_host_of(head.headers)):
            # RFC 9110 section 15.5.20: the client has proved who it is to another site.
            self._bad_request(421, "this connection was made for another host")
            return None
        return Connection._begin(self, head)

    def encode_head(
        self, head: Any, status: str, headers: list[tuple[str, str]], length: int | None
    ) -> tuple[bytes, Framing]:
        """Frame a reply and encode its head."""
        front = self.front
        http: RequestHead = head
        keep = http.keep_alive and not front.draining and not self._is_last and front.keepalive > 0
        if http.expect_continue and self._body.is_untouched():
            # The client may send the body after all, or not: what comes next could be either
            # body or request, so nothing of it is read (RFC 9110 section 10.1.1).
            keep = False
        return response_head(status, headers, http.method, http.http_version, keep, front.date, b"", length)

    def body_wanted(self) -> None:
        """Tell a client that waits for it to go on (RFC 9110 section 10.1.1), then wait."""
        Connection.body_wanted(self)
        exchange = self.exchange
        if exchange is not None and exchange.head.expect_continue and not exchange.is_sent():
            self._out().write_now(CONTINUE)  # whoever waits for a body may be a task

    @staticmethod
    def host_of(headers: list[tuple[bytes, bytes]]) -> str:
        """The name in Host, in lower case and without the port; empty if there is none."""
        return _host_of(headers)

    def refuse(self, status: int, detail: str) -> None:
        """Answer with an error page, then close."""
        self._bad_request(status, detail)

    def answer_and_close(self, reply: bytes) -> None:
        """Send a reply that needs no application, then close."""
        self._out().write_now(reply)
        self._linger()

    def _refuse(self, status: int, detail: str, head_only: bool = False) -> bytes:
        return error_page(status, detail, self.front.date, head_only)

    def ssl_object(self) -> ssl.SSLObject | None:
        """TLS of this connection, with the client or with a proxy; None without."""
        return None if self._transport is None else self._transport.get_extra_info("ssl_object")

    def _facts(self) -> Environ:
        assert self._transport is not None
        facts = peer_facts(self._transport)
        return facts if self._known is None else {**facts, **self._known}

    def __repr__(self) -> str:
        return (
            f"<HTTP {self._facts().get('REMOTE_ADDR', '') if self._transport else 'closed'} {self._parser!r}>"
        )


def _host_of(headers: list[tuple[bytes, bytes]]) -> str:
    """The name in Host, without the port."""
    for name, value in headers:
        if name == b"host":
            host = value.decode("latin-1").lower()
            return host if host.endswith("]") else host.partition(":")[0]
    return ""
