"""One connection of a :class:`engine.pywsgi.WSGIServer`, in the greenlet the server gave it.

Names and order of the steps are those that subclasses of gevent's handler know; the work is done by
the engine's parser, exchange and framing.
"""

from __future__ import annotations

import errno
import os
import sys
import time
import traceback
from datetime import datetime
from email.utils import formatdate
from socket import SHUT_WR
from typing import TYPE_CHECKING, Any, Final, Literal

from bridge.server import GreenletExit, wait_write
from engine.apps.wsgi.file_wrapper import FileWrapper
from engine.errors import BrokenBody, ClientDisconnected, ReplyError
from engine.interfaces import Environ, ExcInfo, Write
from engine.net.reset import reset_on_close
from engine.net.sendfile import copy_file, send_file
from engine.protocols.events import RequestHead
from engine.protocols.http1.framing import Framing
from engine.protocols.http1.writer import CONTINUE, error_page, interim_head
from engine.pywsgi.headers import RequestHeaders
from engine.pywsgi.input import Input
from engine.pywsgi.intake import ByteReader, Intake, InvalidRequest
from engine.pywsgi.reply import BytesPairs, ReplyHead, encode_reply
from engine.pywsgi.request import fill_environ
from engine.request.exchange import Exchange
from engine.request.link import Link

if TYPE_CHECKING:
    from engine.pywsgi.server import WSGIServer

__all__ = ["MAX_REQUEST_LINE", "WSGIHandler"]

MAX_REQUEST_LINE: Final = 8192
"""Longest line that :meth:`WSGIHandler.read_requestline` reads, in bytes."""

# What a client may still be sending of a body nobody read, before closing is cheaper than reading on.
_DRAIN: Final = 65536
# Seconds in all, and without a byte, as nginx does (lingering_time, lingering_timeout).
_LINGER: Final = 30.0
_LINGER_PAUSE: Final = 5.0
_OUR_ERROR: Final = "500 Internal Server Error"
_ERRORS: Final = {400: "400 Bad Request", 500: _OUR_ERROR}


class WSGIHandler(Link):
    """Serves the requests of one connection (``WSGIServer(..., handler_class=...)``).

    Subclasses may override any public method; ``get_environ``, ``run_application`` and ``log_request``
    are the usual ones.  The attributes are those of the request being served.
    """

    protocol_version = "HTTP/1.1"
    ApplicationError: type[BaseException] = AssertionError
    """What is raised for an application that breaks PEP 3333."""

    ignored_socket_errors: tuple[int, ...] = (errno.EPIPE, errno.ECONNRESET)
    """Errors of the client's socket that are not logged: it went away."""

    environ: Environ = None  # type: ignore[assignment]
    application: Any = None
    requestline = ""
    command = ""
    path = ""
    request_version = ""
    content_length: int | None = None
    client_address: Any
    close_connection = False
    connection_upgraded = False
    wsgi_input: Any = None
    status: bytes | None = None
    code = 0
    response_headers: BytesPairs
    response_length = 0
    headers_sent = False
    provided_date: str | None = None
    provided_content_length: str | None = None
    result: Any = None
    time_start = 0.0
    time_finish = 0.0

    _orig_status: str | None = None
    _exchange: Exchange | None = None
    _reply: ReplyHead | None = None
    _head: RequestHead | None = None
    _headers: RequestHeaders | None = None
    _reads_lines = False
    _broken = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._reads_lines = (
            cls.read_requestline is not WSGIHandler.read_requestline
            or cls.read_request is not WSGIHandler.read_request
        )

    def __init__(self, sock: Any, address: Any, server: WSGIServer, rfile: Any = None) -> None:
        self.socket = sock
        self.client_address = address
        self.server = server
        self.rfile: Any = ByteReader(sock) if rfile is None else rfile
        self._intake = Intake(self.rfile, server.limits, self._send_continue)

    # -- the connection ------------------------------------------------------------------------

    def handle(self) -> None:
        """Serve one request after the other until the connection is to be closed."""
        try:
            while self.socket is not None:
                self.time_start = time.time()
                self.time_finish = 0.0
                result = self.handle_one_request()
                if result is None:
                    break
                if result is True:
                    continue
                status, reply = result
                self.status = status.encode("latin-1")
                self._orig_status = status
                self._sendall(reply)
                self.time_finish = time.time()
                self.log_request()
                break
        except OSError as exc:
            if exc.errno not in self.ignored_socket_errors:
                raise
        except GreenletExit:
            self._intake.abandon()  # killed: no time to be polite
            raise
        finally:
            self._end()

    def _end(self) -> None:
        """Close; unread bytes would make the kernel cut off a reply that is still on its way."""
        sock = self.__dict__.pop("socket", None)
        self.__dict__.pop("wsgi_input", None)
        self.rfile.close()
        if sock is not None:
            if self._intake.is_cut_off():
                _linger(sock)
            else:
                try:
                    os.read(sock.fileno(), _DRAIN)
                except (OSError, ValueError):
                    pass
            sock.close()

    def handle_one_request(self) -> Literal[True] | tuple[str, bytes] | None:
        """Serve the next request of the connection.

        :returns: True if another may follow, None if not; or a status and a whole reply to be sent
            before the connection is closed
        """
        if self.rfile.closed:
            return None
        self.response_length = 0
        self.status = self._orig_status = None
        try:
            found = self._read_by_lines() if self._reads_lines else self._read_head(b"")
        except OSError:
            return None  # the client went away between requests
        except Exception as exc:
            return self._handle_client_error(exc)
        if not found:
            return None
        self.environ = self.get_environ()
        self.application = self.server.application
        self.handle_one_response()
        if self.close_connection or self.rfile.closed or not self._intake.finish_body(_DRAIN):
            return None
        if self._reads_lines:
            self._intake.give_back()
        return True

    # -- the request ---------------------------------------------------------------------------

    def _read_by_lines(self) -> bool:
        """For subclasses that read or judge the request line themselves."""
        line: str | bytes | None = self.read_requestline()
        if not line:
            return False
        self.requestline = line.decode("latin-1") if isinstance(line, bytes) else line
        if not self.read_request(self.requestline):
            raise InvalidRequest(400, "read_request() refused it")
        return True

    def read_requestline(self) -> str:
        """Return the next request line with its line end; empty if the client sends no more."""
        line: bytes = self.rfile.readline(MAX_REQUEST_LINE)
        return line.decode("latin-1")

    def read_request(self, raw_requestline: str) -> bool:
        """Read the rest of the head; note what it says in the handler's attributes.

        :returns: False refuses the request with 400, as a ValueError does
        :raises ValueError: if it is no request
        """
        return self._read_head(raw_requestline.encode("latin-1"))

    def _read_head(self, beginning: bytes) -> bool:
        head = self._intake.next_head(beginning)
        self._head = head
        self._headers = None
        if head is None:
            return False
        self.command = head.method
        self.path = head.target.decode("latin-1")
        self.request_version = f"HTTP/{head.http_version}"
        self.requestline = f"{self.command} {self.path} {self.request_version}"
        self.content_length = head.content_length
        self.close_connection = not head.keep_alive
        return True

    @property
    def headers(self) -> RequestHeaders:
        """The header fields of the request; empty before the first."""
        if self._headers is None:
            self._headers = RequestHeaders(() if self._head is None else self._head.headers)
        return self._headers

    def get_environ(self) -> Environ:
        """Return the environ of the request: what the server says, and what the client says."""
        head = self._head
        assert head is not None
        environ = self.server.get_environ()
        fill_environ(environ, head, self.client_address)
        # Behind an offered upgrade that has no body of its own the application reads the new protocol.
        switches = head.upgrade is not None and not head.has_body
        self.wsgi_input = self.rfile if switches else Input(self._intake.body)
        if switches:
            self._intake.give_back()
        environ["wsgi.input"] = self.wsgi_input
        environ["wsgi.input_terminated"] = not switches
        if head.chunked:
            environ["engine.request_trailers"] = self.wsgi_input.trailers
        return environ

    def _send_continue(self) -> None:
        """The application waits for a body that the client may be holding back (RFC 9110 section 10.1.1)."""
        if self._head is not None and self._head.expect_continue and not self.headers_sent:
            self.socket.sendall(CONTINUE)

    # -- the reply -------------------------------------------------------------------------------

    def handle_one_response(self) -> None:
        """Call the application, send what it returns, report what went wrong."""
        self.time_start = time.time()
        self.status = self._reply = None
        self.headers_sent = self.connection_upgraded = False
        self.result = None
        exchange = self._exchange = Exchange(self, self._head, self._intake.body)
        try:
            self.run_application()
            if not exchange.is_ended():
                self.close_connection = True  # the handler spoke with the client by itself
        except BrokenBody as exc:
            self._handle_client_error(exc)
            self._send_error_response_if_possible(exc.status)
        except ReplyError as exc:
            self.log_error("%s", exc)
            self._send_error_response_if_possible(500)
        except OSError as exc:
            self.close_connection = True
            if not exc.args or exc.args[0] not in self.ignored_socket_errors:
                self.handle_error(*_exc_info())
        except GreenletExit:
            self._cut()
            raise
        except BaseException:
            self.handle_error(*_exc_info())
        finally:
            self._exchange = None
            self.time_finish = time.time()
            self.log_request()

    def run_application(self) -> None:
        """Call the application and process its result; call ``close()`` of the result at the end."""
        try:
            self.result = self.application(self.environ, self.start_response)
            self.process_result()
        finally:
            result, self.result = self.result, None
            close = getattr(result, "close", None)
            if close is not None:
                close()

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

    # -- what Exchange asks for ------------------------------------------------------------------

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

    # -- errors and logs ---------------------------------------------------------------------------

    def _cut(self) -> None:
        exchange = self._exchange
        self.close_connection = True
        if exchange is not None and not exchange.is_ended():
            exchange.cut()

    def _send_error_response_if_possible(self, error_code: int) -> None:
        exchange = self._current()
        self.close_connection = True
        if exchange.is_sent():
            self._cut()
            return
        status = _ERRORS.get(error_code, str(error_code))
        reply = ReplyHead(status, [("Content-Type", "text/plain"), ("Connection", "close")])
        self._note(reply)
        try:
            exchange.replace(status, reply.pairs, status[4:].encode())
        except OSError:
            self._cut()

    def handle_error(self, t: Any, v: Any, tb: Any) -> None:
        """The application, or the server, failed: report it and answer 500 if nothing was sent."""
        self._log_error(t, v, tb)
        self._send_error_response_if_possible(500)

    def _log_error(self, t: Any, v: Any, tb: Any) -> None:
        context = self.environ
        if not isinstance(context, self.server.secure_environ_class):
            context = self.server.secure_environ_class(context)
        self.server.loop.handle_error(context, t, v, tb)

    def _handle_client_error(self, ex: BaseException) -> tuple[str, bytes]:
        """The client sent something wrong: note it, return a status and the whole reply."""
        if not isinstance(ex, ValueError | OSError):
            traceback.print_exc()
        self.log_error("(from %s) %s", self.client_address, str(ex) or type(ex).__name__)
        status = ex.status if isinstance(ex, InvalidRequest) else 400
        return str(status), error_page(status, str(ex), formatdate(usegmt=True).encode())

    _print_unexpected_exc = staticmethod(traceback.print_exc)

    def log_error(self, msg: str, *args: object) -> None:
        """Write a line to the server's error log."""
        try:
            text = msg % args if args else msg
        except Exception:
            self._print_unexpected_exc()
            text = f"{msg!r} {args!r}"
        self.server.error_log.write(f"{self.__dict__.get('socket')}: {text}\n")

    def log_request(self) -> None:
        """Write the request's line to the server's log."""
        self.server.log.write(self.format_request() + "\n")

    def format_request(self) -> str:
        """Return one line: client, time, request line, status, bytes sent, seconds."""
        client = self.client_address
        address = client[0] if isinstance(client, tuple) else client
        now = datetime.now().replace(microsecond=0)
        took = f"{self.time_finish - self.time_start:.6f}" if self.time_finish else "-"
        status = (self._orig_status or "000").split()[0]
        return (
            f'{address or "-"} - - [{now}] "{self.requestline}" {status} {self.response_length or "-"} {took}'
        )


def _linger(sock: Any) -> None:
    """Read on, so that a client that is still sending comes to read the reply."""
    give_up = time.monotonic() + _LINGER
    try:
        sock.shutdown(SHUT_WR)
        while (left := give_up - time.monotonic()) > 0:
            sock.settimeout(min(_LINGER_PAUSE, left))
            if not sock.recv(_DRAIN):
                return
    except OSError:
        pass


def _exc_info() -> Any:
    return sys.exc_info()
