"""``--stats ADDRESS``: one JSON document per connection, served by the master (uWSGI docs, StatsServer).

With ``--stats-http`` the address speaks HTTP: ``/`` is the same document, or a page that shows it for
who asks with ``Accept: text/html``, ``/tree?worker=N&core=N`` shows one running request from inside,
``/metrics`` is for Prometheus, ``/health`` says that the master lives, ``/ready`` whether every worker
serves; while the server stops it says 503, so that a balancer looks elsewhere.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from engine.process.plan import Phase
from engine.process.request_trees import RequestTrees, refusal_of
from engine.process.stats_client import StatsClient
from engine.process.worker_details import WorkerDetails
from engine.stats.page import PAGE_FIELDS, page, wants_page

if TYPE_CHECKING:
    from engine.process.master import Master
    from engine.process.stats_document import StatsDocument

__all__ = ["StatsServer"]

_MOST_CLIENTS: Final = 64


class StatsServer:
    """Lives in the master's events.

    :param own: the socket that stats are served on
    :param trees: whether requests may be looked into
    """

    def __init__(
        self, master: Master, own: socket.socket, document: StatsDocument, *, http: bool, trees: bool
    ) -> None:
        self._master = master
        self._socket = own
        self._document = document
        self._http = http
        self._may_show_trees = trees
        self._clients: dict[StatsClient, None] = {}
        self._details = WorkerDetails(master)
        self._trees = RequestTrees(master)
        master.events.add_reader(own.fileno(), self._accept)
        master.at_fork_in_child(self._close)

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
        client = StatsClient(self._master.events, sock, lambda gone: self._clients.pop(gone, None))
        self._clients[client] = None
        if self._http:
            client.read_head(lambda head: self._route(client, head))
        else:
            self._details.ask(lambda details: client.send(self._document.json(details)))

    # -- HTTP --------------------------------------------------------------------------------------

    def _route(self, client: StatsClient, head: bytes) -> None:
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
            body = self._document.prometheus()
            client.send(_reply("200 OK", "text/plain; version=0.0.4; charset=utf-8", body))
        else:
            self._details.ask(
                lambda details: client.send(
                    _reply("200 OK", "application/json", self._document.json(details))
                )
            )

    def _show_tree(self, client: StatsClient, head: bytes, query: str) -> None:
        """One running request from inside; for this machine only, since it shows source code."""
        refusal = refusal_of(client.sock, head) if self._may_show_trees else "--stats-no-cores is set"
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


def _reply(status: str, kind: str, body: bytes, fields: str = "") -> bytes:
    """A reply that pages from anywhere may read."""
    return _private(status, kind, body, f"Access-Control-Allow-Origin: *\r\n{fields}")


def _private(status: str, kind: str, body: bytes, fields: str = "") -> bytes:
    return (
        f"HTTP/1.0 {status}\r\nConnection: close\r\nVary: Accept\r\n"
        f"{fields}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
