"""Calls a WSGI application for one request and sends what it returns (PEP 3333).

Runs in the request's greenlet.  Each item goes out when it is yielded.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from engine.apps.wsgi.environ import EnvironBuilder
from engine.apps.wsgi.file_wrapper import FileWrapper
from engine.apps.wsgi.frameworks import tell_of_end
from engine.errors import (
    BodyTimeout,
    BrokenBody,
    ClientDisconnected,
    ClientLeftError,
    HandshakeError,
    HarakiriError,
    ReplyError,
    WriteTimeout,
)
from engine.interfaces import Environ, WSGIApp
from engine.request.exchange import Exchange
from engine.request.io_errors import IO_ERRORS

__all__ = ["WSGIAdapter"]

_PLAIN_TEXT = [("Content-Type", "text/plain; charset=utf-8")]
_CLOSING = [*_PLAIN_TEXT, ("Connection", "close")]  # RFC 9110 section 15.5.9
_BREATHE_EVERY = 64  # items of one reply between turns for everybody else


class WSGIAdapter:
    """One application.

    :param strict: refuse ``str`` items instead of sending them as UTF-8
    :param show_errors: put the traceback into the 500 page (``--catch-exceptions``)
    :param breathe: lets other greenlets and the loop have a turn
    :param on_failure: told of the exceptions that the application fails with
    """

    def __init__(
        self,
        app: WSGIApp | None,
        environs: EnvironBuilder,
        log: Callable[[str], None],
        breathe: Callable[[], None],
        strict: bool = False,
        show_errors: bool = False,
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._app = app
        self._environs = environs
        self._log = log
        self._breathe = breathe
        self._strict = strict
        self._show_errors = show_errors
        self._on_failure = on_failure
        self._warned_of_str = False
        self.failures = 0

    def serve(self, exchange: Exchange, facts: Environ) -> None:
        """Answer *exchange*; raises only what is meant for the greenlet or the process."""
        app = self._app
        if app is None:
            self._log("--- no python application found, check your startup logs for errors ---")
            self._replace(exchange, "500", b"Internal Server Error")
            return
        result: Any = None
        try:
            environ = self._environs.build(exchange, facts)
            exchange.variable_count = len(environ)
            result = app(environ, exchange.start_response)
            kind = type(result)
            if (kind is list or kind is tuple) and len(result) == 1:
                item = result[0]
                exchange.send_all(item if type(item) is bytes else self._to_bytes(item))
            else:
                self._send(exchange, result)
            exchange.finish()
        except BaseException as exc:
            self._failed(exchange, exc)
            if result is None and not isinstance(exc, Exception):
                tell_of_end(self._log)
            # sys.exit() in a view ends the request, not the server; a kill or Ctrl-C goes on.
            if not isinstance(exc, Exception | SystemExit):
                raise
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                self._close(close)

    def _send(self, exchange: Exchange, result: object) -> None:
        if isinstance(result, bytes | str):
            exchange.send_all(self._to_bytes(result))
        elif type(result) is list or type(result) is tuple:
            # All of it is here, so its length can be told.
            exchange.send_all(b"".join([self._to_bytes(item) for item in result]))
        elif isinstance(result, FileWrapper):
            self._send_file(exchange, result)
        elif isinstance(result, Iterable):
            self._stream(exchange, result)
        else:
            raise TypeError(f"the application returned {result!r}; it must return an iterable of bytes")

    def _send_file(self, exchange: Exchange, wrapper: FileWrapper) -> None:
        place = wrapper.place()
        if place is not None:
            exchange.send_file(place[0], place[1], place[2])
        else:
            self._stream(exchange, wrapper.blocks(exchange.room()))

    def _stream(self, exchange: Exchange, items: Iterable[object]) -> None:
        left = _BREATHE_EVERY
        for item in items:
            data = item if type(item) is bytes else self._to_bytes(item)
            if data:
                exchange.write(data)
                if exchange.is_silent():
                    return  # HEAD of a stream without end would never end
                left -= 1
                if not left:
                    left = _BREATHE_EVERY
                    self._breathe()

    def _to_bytes(self, item: object) -> bytes:
        if isinstance(item, bytes):
            return item
        if isinstance(item, str):
            if self._strict:
                raise ReplyError(
                    f"the application yielded the str {item[:60]!r}; "
                    "with --wsgi-strict body items must be bytes. "
                    "Encode it, or leave the option out to have str sent as UTF-8."
                )
            if not self._warned_of_str:
                self._warned_of_str = True
                self._log(
                    "the application yields str, sent as UTF-8; PEP 3333 asks for bytes (--wsgi-strict)"
                )
            return item.encode()
        if item is None:
            return b""  # uWSGI skips it
        if isinstance(item, bytearray | memoryview):
            return bytes(item)
        raise TypeError(f"the application yielded {type(item).__name__}; body items must be bytes")

    def _failed(self, exchange: Exchange, exc: BaseException) -> None:
        IO_ERRORS.request_failed(exchange, exc)
        if isinstance(exc, ClientLeftError):
            exchange.cut()
            return
        if exchange.is_switched() and isinstance(exc, ClientDisconnected | ConnectionError):
            # A client that closes its websocket breaks nothing off; the second is how libraries end
            # that have taken Werkzeug's socket.
            exchange.finish()
            return
        if isinstance(exc, ClientDisconnected):
            if isinstance(exc, BrokenBody) and not exchange.is_sent():
                self._replace(exchange, f"{exc.status}", str(exc).encode())
            else:
                exchange.cut()
            return
        if isinstance(exc, WriteTimeout):
            self._log(f"{exchange.method} {exchange.uri} from {exchange.remote_addr}: {exc}")
            exchange.cut()
            return
        if isinstance(exc, BodyTimeout) and not exchange.is_sent():
            self._replace(exchange, "408", str(exc).encode(), _CLOSING)
            return
        if isinstance(exc, HandshakeError) and not exchange.is_sent():
            self._replace(exchange, f"{exc.status}", exc.detail.encode(), [*_PLAIN_TEXT, *exc.headers])
            return
        self.failures += 1
        if isinstance(exc, HarakiriError):  # its stack was logged when it was told to end
            if not exchange.is_sent():
                self._replace(exchange, "504", b"Gateway Timeout")
            else:
                exchange.cut()
            return
        self._log("".join(traceback.format_exception(exc)).rstrip())
        if self._on_failure is not None:
            self._on_failure(exc)
        if exchange.is_ended():
            return
        if exchange.is_sent():
            exchange.cut()
            return
        page = b"Internal Server Error"
        if self._show_errors:
            page = "".join(traceback.format_exception(exc)).encode()
        self._replace(exchange, "500", page)

    def _replace(
        self,
        exchange: Exchange,
        status: str,
        page: bytes,
        headers: list[tuple[str, str]] = _PLAIN_TEXT,
    ) -> None:
        try:
            exchange.replace(status, headers, page)
        except Exception:
            exchange.cut()

    def _close(self, close: Callable[[], None]) -> None:
        try:
            close()
        except Exception:
            self._log("".join(traceback.format_exception(*sys.exc_info())).rstrip())
