"""The request line in uWSGI's default format (uWSGI LogFormat page, "default").

Written for every request: what does not change between two of them is kept as text.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from engine.logs.clean import escape
from engine.logs.request_texts import variable
from engine.protocols.events import RequestHead
from engine.request.exchange import Exchange

__all__ = ["DefaultLine"]

_forwarded_for = variable("HTTP_X_FORWARDED_FOR")


class DefaultLine:
    """Makes lines for one worker.

    :param micros: tell microseconds instead of milliseconds
    :param forwarded_for: the address is that of X-Forwarded-For, if there is one
    :param memory: resident and virtual size in bytes; None leaves them out
    """

    def __init__(
        self,
        pid: int,
        micros: bool = False,
        forwarded_for: bool = False,
        memory: Callable[[], tuple[int, int]] | None = None,
    ) -> None:
        self._pid = pid
        self._start = f"[pid: {pid}|app: 0|req: "
        self._no_app = f"[pid: {pid}|app: -1|req: "
        self._micros = micros
        self._unit = "micros" if micros else "msecs"
        self._forwarded_for = forwarded_for
        self._memory = memory
        self._second = -1
        self._date = ""
        self._variables = self._size = self._asked_second = -1
        self._last_address = self._last_user = self._asked_text = ""
        self._code = self._count = self._head_size = self._switches = -1
        self._core = -2
        self.others = 0
        """Requests that other workers have finished, as of a moment ago."""
        self._answered_text = ""

    def make(self, exchange: Exchange, number: int, took: float) -> str:
        """Return one line, without newline.

        :param number: requests this worker has finished, this one included
        :param took: its duration in seconds
        """
        second = int(exchange.started_at)
        if second != self._second:
            self._second = second
            self._date = f" bytes}} [{time.ctime(second)}] "
        head = exchange.head
        if type(head) is RequestHead:
            http: RequestHead = head
            # The parser has let through printable ASCII only (engine.protocols.grammar.TARGET_CHARS).
            uri = http.target.decode("latin-1")
            method, version, user = http.method, http.http_version, ""
            address = exchange.link.remote_addr(head)  # of each request: a proxy speaks for many clients
        else:
            method, uri = _printable(exchange.method), _printable(exchange.uri)
            version, user = _printable(head.http_version), _printable(exchange.remote_user)
            address = _printable(exchange.remote_addr)
        if self._forwarded_for:
            told = _forwarded_for(exchange)
            address = address if told == "-" else told
        how = " via sendfile() " if exchange.sent_file else " "
        duration = int(took * 1e6) if self._micros else int(took * 1e3)
        start = self._start if exchange.core >= 0 else self._no_app
        if exchange.app:
            start = f"[pid: {self._pid}|app: {exchange.app}|req: "
        asked = self._asked(address, user, exchange.variable_count, exchange.request_bytes())
        line = (
            f"{start}{number}/{number + self.others}] {asked}{method} {uri} => generated "
            f"{exchange.body_bytes} bytes in {duration} {self._unit}{how}"
            f"(HTTP/{version} {self._answered(exchange)}"
        )
        if self._memory is None:
            return line
        rss, vsz = self._memory()
        return (
            f"{{address space usage: {vsz} bytes/{vsz >> 20}MB}} "
            f"{{rss usage: {rss} bytes/{rss >> 20}MB}} {line}"
        )

    def _asked(self, address: str, user: str, variables: int, size: int) -> str:
        """From the client's address to the date: seldom another than in the line before."""
        if (
            variables == self._variables
            and size == self._size
            and address == self._last_address
            and user == self._last_user
            and self._second == self._asked_second
        ):
            return self._asked_text
        self._variables, self._size, self._asked_second = variables, size, self._second
        self._last_address, self._last_user = address, user
        self._asked_text = f"{address} ({user}) {{{variables * 2} vars in {size}{self._date}"
        return self._asked_text

    def _answered(self, exchange: Exchange) -> str:
        """From the status to the core, as :meth:`_asked`."""
        code, count, size = exchange.sent_code(), exchange.header_count, exchange.header_bytes
        core, switches = exchange.core, exchange.switches
        if (
            code == self._code
            and size == self._head_size
            and core == self._core
            and count == self._count
            and switches == self._switches
        ):
            return self._answered_text
        self._code, self._count, self._head_size = code, count, size
        self._core, self._switches = core, switches
        self._answered_text = f"{code}) {count} headers in {size} bytes ({switches} switches on core {core})"
        return self._answered_text


def _printable(text: str) -> str:
    return text if text.isascii() and text.isprintable() else escape(text)
