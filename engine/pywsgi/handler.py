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
from typing import TYPE_CHECKING, Any, Final, Literal

from bridge.server import GreenletExit
from engine.errors import BrokenBody, ReplyError
from engine.interfaces import Environ
from engine.protocols.events import RequestHead
from engine.protocols.http1.writer import CONTINUE, error_page
from engine.pywsgi.headers import RequestHeaders
from engine.pywsgi.input import Input
from engine.pywsgi.intake import ByteReader, Intake, InvalidRequest
from engine.pywsgi.lingering import linger
from engine.pywsgi.reply import ReplyHead
from engine.pywsgi.reply_side import ReplySide
from engine.pywsgi.request import fill_environ
from engine.request.exchange import Exchange

if TYPE_CHECKING:
    from engine.pywsgi.server import WSGIServer

__all__ = ["MAX_REQUEST_LINE", "WSGIHandler"]

MAX_REQUEST_LINE: Final = 8192
"""Longest line that :meth:`WSGIHandler.read_requestline` reads, in bytes."""

# What a client may still be sending of a body nobody read, before closing is cheaper than reading on.
_DRAIN: Final = 65536
_OUR_ERROR: Final = "500 Internal Server Error"
_ERRORS: Final = {400: "400 Bad Request", 500: _OUR_ERROR}


class WSGIHandler(ReplySide):
    """Serves the requests of one connection (``WSGIServer(..., handler_class=...)``).

    Subclasses may override any public method; ``get_environ``, ``run_application`` and ``log_request``
    are the usual ones.  The attributes are those of the request being served.
    """

    protocol_version = "HTTP/1.1"
    ignored_socket_errors: tuple[int, ...] = (errno.EPIPE, errno.ECONNRESET)
    """Errors of the client's socket that are not logged: it went away."""

    environ: Environ = None  # type: ignore[assignment]
    application: Any = None
    requestline = ""
    command = ""
    path = ""
    request_version = ""
    content_length: int | None = None
    wsgi_input: Any = None
    time_start = 0.0
    time_finish = 0.0

    _head: RequestHead | None = None
    _headers: RequestHeaders | None = None
    _reads_lines = False

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
                linger(sock)
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


def _exc_info() -> Any:
    return sys.exc_info()
