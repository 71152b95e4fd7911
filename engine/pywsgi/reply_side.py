"""The reply's side of a handler: what an application says and sends, and how that reaches the client.

Between the two stands :class:`engine.request.exchange.Exchange`, as for the engine's own connections.
"""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from bridge.server import wait_write
from engine.apps.wsgi.file_wrapper import FileWrapper
from engine.errors import ClientDisconnected, ReplyError
from engine.interfaces import ExcInfo, Write
from engine.net.reset import reset_on_close
from engine.net.sendfile import copy_file, send_file
from engine.protocols.http1.framing import Framing
from engine.protocols.http1.writer import interim_head
from engine.pywsgi.reply import BytesPairs, ReplyHead, encode_reply
from engine.request.exchange import Exchange
from engine.request.link import Link

if TYPE_CHECKING:
    from engine.pywsgi.server import WSGIServer

__all__ = ["ReplySide"]


class ReplySide(Link):
    """Sends the reply of one request after the other.  The attributes are those of the present one."""

    ApplicationError: type[BaseException] = AssertionError
    """What is raised for an application that breaks PEP 3333."""

    socket: Any
    server: WSGIServer
    client_address: Any
    close_connection = False
    connection_upgraded = False
    status: bytes | None = None
    code = 0
    response_headers: BytesPairs
    response_length = 0
    headers_sent = False
    provided_date: str | None = None
    provided_content_length: str | None = None
    result: Any = None

    _orig_status: str | None = None
    _exchange: Exchange | None = None
    _reply: ReplyHead | None = None
    _broken = False

    # -- for the application ---------------------------------------------------------------------

    def process_result(self) -> None:
        """Send :attr:`result` and end the reply."""
        result = self.result
        exchange = self._current()
        if isinstance(result, list | tuple) and not self.headers_sent:
            body = b"".join(result)
            self._refuse_body(body)
            exchange.send_all(body)
        elif isinstance(result, FileWrapper):
            self._send_file(exchange, result)
        else:
            for item in result:
                if item:
                    self.write(item)
        exchange.finish()

    def _send_file(self, exchange: Exchange, wrapper: FileWrapper) -> None:
        place = wrapper.place()
        if place is not None:
            exchange.send_file(*place)
        else:
            for item in wrapper.blocks(exchange.room()):
                self.write(item)

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Write:
        """Note status and headers (PEP 3333); they go out with the first bytes of the body.

        :raises UnicodeError: if something is not ``str``, or does not fit latin-1
        :raises ValueError: for line breaks, and for headers that belong to the server
        :raises ReplyError: on a second call without *exc_info*
        """
        if exc_info is not None and self.headers_sent:
            try:
                raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        reply = ReplyHead(status, headers)
        self._current().start_response(status, reply.pairs, exc_info)
        self._note(reply)
        return self.write

    def _note(self, reply: ReplyHead) -> None:
        self._reply = reply
        self._orig_status = reply.status
        self.status = reply.status.encode("latin-1")
        self.code = reply.code
        self.response_headers = reply.headers
        self.provided_content_length = None if reply.length is None else str(reply.length)
        self.provided_date = "yes" if reply.dated else None

    def finalize_headers(self) -> None:
        """Add what is missing to :attr:`response_headers`; called once, before they go out."""
        if self.provided_date is None:
            self.response_headers.append((b"Date", formatdate(usegmt=True).encode()))
        self.connection_upgraded = self.code == 101

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send some of the body now; ``b""`` sends the head, if nothing did so far."""
        exchange = self._current()
        if not self.status:
            raise self.ApplicationError("the application did not call start_response()")
        self._refuse_body(data)
        if data:
            # bytes(memoryview(...)) refuses str, and numbers, which bytes() would take.
            exchange.write(data if isinstance(data, bytes) else bytes(memoryview(data)))
        elif not self.headers_sent:
            exchange.send_head(None)

    def _refuse_body(self, data: object) -> None:
        if data and self.code in (304, 204):
            raise self.ApplicationError(f"The {self.code} response must have no body")

    def _current(self) -> Exchange:
        exchange = self._exchange
        if exchange is None:
            raise ReplyError("the request is over; start_response() and write() belong to its own time")
        return exchange

    # -- for the exchange ------------------------------------------------------------------------

    def encode_interim(self, status: str, headers: list[tuple[str, str]]) -> bytes:
        """Encode a 1xx response."""
        return interim_head(status, headers)

    def encode_head(
        self, head: Any, status: str, headers: list[tuple[str, str]], length: int | None
    ) -> tuple[bytes, Framing]:
        """Frame the reply and encode its head; see :class:`engine.request.link.Link`."""
        reply = self._reply
        assert reply is not None
        assert self.status is not None
        self.finalize_headers()
        self.headers_sent = True
        keep_alive = not self.close_connection
        return encode_reply(
            reply, self.status, self.response_headers, head.method, head.http_version, keep_alive, length
        )

    def transmit(self, data: bytes) -> None:
        """Send bytes of the reply; waits while the client is slow."""
        self._sendall(data)

    def transmit_file(self, fd: int, offset: int, count: int) -> int:
        """Send part of a regular file; return how many bytes it had."""
        sent = 0
        if not self.server.ssl_enabled:
            sock = self.socket.fileno()
            sent = send_file(sock, fd, offset, count, lambda: wait_write(sock))
            self.response_length += sent
        if sent < count:
            sent += copy_file(fd, offset + sent, count - sent, self._sendall)
        return sent

    def _sendall(self, data: bytes) -> None:
        if self._broken:
            raise ClientDisconnected("write error: an earlier write ended halfway")
        try:
            self.socket.sendall(data)
        except OSError as exc:
            self._orig_status = self._orig_status or "000"
            self.close_connection = True
            self.code = -abs(self.code)
            self.status = f"socket error: {exc}".encode("latin-1", "replace")
            raise
        except BaseException:  # a timeout of the application: what it sends now must not shift what follows
            self._broken = True
            self.abort(True)
            raise
        self.response_length += len(data)

    def reply_ended(self, exchange: Exchange, reusable: bool) -> None:
        """The reply is over."""
        if not reusable:
            self.close_connection = True

    def abort(self, reset: bool) -> None:
        """The reply is not complete: the client sees the missing end when the connection closes."""
        self.close_connection = True
        if reset:
            reset_on_close(self.socket)

    def remote_addr(self, head: Any) -> str:
        """The client's address."""
        client = self.client_address
        return str(client[0] if isinstance(client, tuple) else client)

    def fileno(self) -> int:
        """Return the descriptor of the client's socket."""
        return int(self.socket.fileno())

    def hang_up(self) -> None:
        """Close after this request."""
        self.close_connection = True
