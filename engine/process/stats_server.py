"""``--stats ADDRESS``: one JSON document per connection, served by the master (uWSGI docs, StatsServer).

With ``--stats-http`` the address speaks HTTP: ``/`` is the same document, or a page that shows it for
who asks with ``Accept: text/html``, ``/tree?worker=N&core=N`` shows one running request from inside,
``/metrics`` is for Prometheus, ``/health`` says that the master lives, ``/ready`` whether every worker
serves; while the server stops it says 503, so that a balancer looks elsewhere.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.channels import Lane
from engine.process.plan import Phase
from engine.process.request_trees import RequestTrees, refusal_of
from engine.stats.backlog import backlog_of
from engine.stats.figures import AppFacts
from engine.stats.page import PAGE_FIELDS, page, wants_page
from engine.stats.scoreboard import Column
from engine.stats.snapshot import MetricFacts, ServerFacts, SocketFacts, WorkerFacts, prometheus, snapshot

if TYPE_CHECKING:
    from engine.net.listeners import Listener
    from engine.process.child import Child
    from engine.process.master import Master

__all__ = ["StatsServer"]

_PATIENCE: Final = 0.5  # seconds for workers to say what their cores do; a stuck one never will
_SLOW_CLIENT: Final = 5.0
_LONGEST_HEAD: Final = 8192
_MOST_CLIENTS: Final = 64


class StatsServer:
    """Lives in the master's events.

    :param own: the socket that stats are served on
    :param served: the server's own listening sockets
    :param metrics: None if there are none
    """

    def __init__(
        self,
        master: Master,
        own: socket.socket,
        served: Sequence[Listener],
        backlog: int,
        *,
        http: bool,
        minified: bool,
        with_cores: bool,
        version: str,
        metrics: Callable[[], Sequence[MetricFacts]] | None = None,
    ) -> None:
        self._master = master
        self._socket = own
        self._served = served
        self._backlog = backlog
        self._http = http
        self._minified = minified
        self._with_cores = with_cores
        self._version = version
        self._metrics = metrics
        # All workers have the same; they say which, and one that is stuck said it before.
        self._apps: Sequence[tuple[int, str, int]] = ((0, "", 0),)
        self._clients: dict[_Client, None] = {}
        self._asked = 0
        self._questions: dict[int, _Question] = {}
        self._trees = RequestTrees(master)
        master.events.add_reader(own.fileno(), self._accept)
        master.at_fork_in_child(self._close)
        master.on_control(b"stats", self._answered)

    def _close(self) -> None:
        self._socket.close()
        for client in self._clients:
            client.sock.close()

    def _accept(self) -> None:
        try:
            sock, _ = self._socket.accept()
        except OSError:
            return
        while len(self._clients) >= _MOST_CLIENTS:
            next(iter(self._clients)).close()  # the one that has been silent for longest
        sock.setblocking(False)
        client = _Client(self._master, sock, lambda gone: self._clients.pop(gone, None))
        self._clients[client] = None
        if self._http:
            client.read_head(lambda head: self._route(client, head))
        else:
            self._with_details(lambda details: client.send(self._document(details)))

    # -- HTTP --------------------------------------------------------------------------------------

    def _route(self, client: _Client, head: bytes) -> None:
        words = head.split(b"\r\n", 1)[0].split(b" ")
        target = words[1].decode("latin-1") if len(words) > 1 else "/"
        path, _, query = target.partition("?")
        if path == "/tree":
            self._show_tree(client, head, query)
        elif path == "/" and wants_page(head):
            client.send(_reply("200 OK", "text/html; charset=utf-8", page(), PAGE_FIELDS))
        elif path == "/health":
            client.send(_reply("200 OK", "text/plain", b"ok\n"))
        elif path == "/ready":
            status, text = self._readiness()
            client.send(_reply(status, "text/plain", text))
        elif path == "/metrics":
            body = prometheus(self._facts({})).encode()
            client.send(_reply("200 OK", "text/plain; version=0.0.4; charset=utf-8", body))
        else:
            self._with_details(
                lambda details: client.send(_reply("200 OK", "application/json", self._document(details)))
            )

    def _show_tree(self, client: _Client, head: bytes, query: str) -> None:
        """One running request from inside; for this machine only, since it shows source code."""
        refusal = refusal_of(client.sock, head) if self._with_cores else "--stats-no-cores is set"
        if refusal:
            client.send(_private("403 Forbidden", "text/plain", refusal.encode() + b"\n"))
        elif wants_page(head):
            client.send(_private("200 OK", "text/html; charset=utf-8", page("tree.html"), PAGE_FIELDS))
        else:
            self._trees.ask(
                query, lambda status, body: client.send(_private(status, "application/json", body))
            )

    def _readiness(self) -> tuple[str, bytes]:
        if self._master.is_stopping():
            return "503 Service Unavailable", b"stopping\n"
        ready = {child.number for child in self._master.children() if child.phase is Phase.READY}
        missing = [n for n in range(1, self._master.wanted + 1) if n not in ready]
        if missing:
            return "503 Service Unavailable", f"not ready: workers {missing}\n".encode()
        return "200 OK", b"ready\n"

    # -- the document ------------------------------------------------------------------------------

    def _document(self, details: Mapping[int, Any]) -> bytes:
        document = snapshot(self._facts(details), with_cores=self._with_cores)
        if self._minified:
            return json.dumps(document, separators=(",", ":")).encode()
        return json.dumps(document, indent="\t").encode()

    def _facts(self, details: Mapping[int, Any]) -> ServerFacts:
        master = self._master
        workers = []
        for number in range(1, max(master.wanted, master.settings.processes) + 1):
            row = master.board.current(number)
            columns = {} if row is None else {int(column): row[column] for column in Column}
            said = details.get(columns.get(Column.PID, 0), {})
            self._apps = said.get("apps", self._apps)
            apps = [AppFacts(*app, *((0, 0) if row is None else row.app(app[0]))) for app in self._apps]
            workers.append(WorkerFacts(number, columns, said.get("cores"), said.get("tasks"), apps))
        sockets = [
            SocketFacts(each.name, each.protocol, backlog_of(each.sock), self._backlog)
            for each in self._served
            if each.sock.fileno() >= 0
        ]
        sections = master.shown()
        return ServerFacts(
            self._version,
            os.getpid(),
            os.getuid(),
            os.getgid(),
            os.getcwd(),
            master.settings.gevent,
            sockets,
            workers,
            master.is_stopping(),
            None if self._metrics is None else self._metrics(),
            [(str(lock["name"]), int(lock["value"])) for lock in sections.pop("locks", ())],
            sections,
        )

    # -- asking the workers --------------------------------------------------------------------------

    def _with_details(self, then: Callable[[Mapping[int, Any]], None]) -> None:
        """Ask every worker about its cores, then go on; without those that do not answer in time."""
        self._asked += 1
        number = self._asked
        asked = {
            child.pid
            for child in self._master.children()
            if child.phase is not Phase.STARTING
            and self._master.send(child, Lane.CONTROL, b"stats %d" % number)
        }
        self._questions[number] = _Question(asked, then)
        if asked:
            self._master.events.call_later(_PATIENCE, lambda: self._end(number))
        else:
            self._end(number)

    def _answered(self, child: Child, data: bytes) -> None:
        number, _, text = data.partition(b" ")
        question = self._questions.get(int(number))
        if question is None:
            return
        question.details[child.pid] = json.loads(text)
        question.missing.discard(child.pid)
        if not question.missing:
            self._end(int(number))

    def _end(self, number: int) -> None:
        question = self._questions.pop(number, None)
        if question is not None:
            question.then(question.details)


class _Question:
    """One round of asking."""

    def __init__(self, asked: set[int], then: Callable[[Mapping[int, Any]], None]) -> None:
        self.missing = asked
        self.then = then
        self.details: dict[int, Any] = {}


class _Client:
    """One connection: reads a head if it has to, is answered, is closed."""

    def __init__(self, master: Master, sock: socket.socket, gone: Callable[[_Client], object]) -> None:
        self._events = master.events
        self.sock = sock
        self._gone = gone
        self._received = b""
        self._data = memoryview(b"")
        self._deadline = self._events.call_later(_SLOW_CLIENT, self.close)

    def read_head(self, then: Callable[[bytes], None]) -> None:
        """Call with the head of the request once it is here."""
        self._events.add_reader(self.sock.fileno(), lambda: self._read(then))

    def _read(self, then: Callable[[bytes], None]) -> None:
        try:
            data = self.sock.recv(_LONGEST_HEAD)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._received += data
        if b"\r\n\r\n" in self._received or b"\n\n" in self._received:
            self._events.remove_reader(self.sock.fileno())
            then(self._received)
        elif not data or len(self._received) > _LONGEST_HEAD:
            self.close()

    def send(self, data: bytes) -> None:
        """Send everything, then close."""
        if self.sock.fileno() >= 0:
            self._data = memoryview(data)
            self._write()

    def _write(self) -> None:
        try:
            sent = self.sock.send(self._data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.close()
            return
        self._data = self._data[sent:]
        if self._data:
            self._events.add_writer(self.sock.fileno(), self._write)
        else:
            self.close()

    def close(self) -> None:
        """End the connection."""
        self._deadline.cancel()
        if self.sock.fileno() >= 0:
            self._events.remove_reader(self.sock.fileno())
            self._events.remove_writer(self.sock.fileno())
            self.sock.close()
        self._gone(self)


def _reply(status: str, kind: str, body: bytes, fields: str = "") -> bytes:
    """A reply that pages from anywhere may read."""
    return _private(status, kind, body, f"Access-Control-Allow-Origin: *\r\n{fields}")


def _private(status: str, kind: str, body: bytes, fields: str = "") -> bytes:
    return (
        f"HTTP/1.0 {status}\r\nConnection: close\r\nVary: Accept\r\n"
        f"{fields}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
