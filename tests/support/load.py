"""Clients that ask all the time, and count what did not go well."""

from __future__ import annotations

import threading
import time
from collections import Counter
from types import TracebackType
from typing import Self

from tests.support.addresses import Address
from tests.support.http_client import HttpConnection, request_bytes

__all__ = ["Load"]


class Load:
    """Threads that send requests until the ``with`` block is left.

    Half of them keep their connection as long as the server lets them, half open one per request.
    A client that keeps its connection may find it closed *between* requests: by RFC 9112 section
    9.3.1 it opens another and sends the request again.  A reply that breaks off, a connection that
    is refused or reset, or a status other than 200 is a loss.

    :param target: what to ask for; the pauses in it decide how many requests are running at a time
    :param body: given, requests are POST
    """

    def __init__(self, address: Address, target: str, *, clients: int = 4, body: bytes = b"") -> None:
        self._address = address
        method = "POST" if body else "GET"
        self._request = request_bytes(method, target, body=body)
        self._last_request = request_bytes(method, target, [("Connection", "close")], body)
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self.answers: Counter[bytes] = Counter()
        self.lost: list[str] = []
        self._threads = [
            threading.Thread(target=self._keep if number % 2 else self._anew, daemon=True)
            for number in range(clients)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(30)

    @property
    def count(self) -> int:
        """Good answers so far."""
        return sum(self.answers.values())

    def wait_for(self, more: int, *, timeout: float = 30.0) -> None:
        """Wait until so many more requests were answered or lost."""
        wanted = self.count + len(self.lost) + more
        deadline = time.monotonic() + timeout
        while self.count + len(self.lost) < wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.count} answers after {timeout:g} s, {wanted} wanted")
            time.sleep(0.01)

    def _good(self, body: bytes) -> None:
        with self._lock:
            self.answers[body] += 1

    def _bad(self, what: str) -> None:
        with self._lock:
            self.lost.append(what)

    def _anew(self) -> None:
        while not self._ending.is_set():
            try:
                with HttpConnection(self._address) as connection:
                    connection.send(self._last_request)
                    self._read(connection)
            except OSError as exc:
                self._bad(f"new connection: {exc!r}")

    def _keep(self) -> None:
        connection: HttpConnection | None = None
        while not self._ending.is_set():
            fresh = connection is None
            try:
                if connection is None:
                    connection = HttpConnection(self._address)
                connection.send(self._request)
                if not fresh and connection.is_closed_by_server():
                    connection.close()
                    connection = None
                    continue
                if not self._read(connection):
                    connection.close()
                    connection = None
            except OSError as exc:
                if fresh or not isinstance(exc, BrokenPipeError | ConnectionResetError):
                    self._bad(f"kept connection: {exc!r}")
                if connection is not None:
                    connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _read(self, connection: HttpConnection) -> bool:
        """Read one response; whether the connection can be used again."""
        try:
            response = connection.reader.read()
        except Exception as exc:  # whatever it is, the client did not get its answer
            self._bad(f"no response: {exc!r}")
            return False
        if response.status != 200 or not response.complete:
            self._bad(f"response {response.status}, complete: {response.complete}")
            return False
        self._good(response.body)
        return response.header("connection") != "close"
