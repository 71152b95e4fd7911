"""An HTTP client on a raw socket: sends exactly the bytes it is told, times what comes back."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from tests.support.addresses import Address, connect
from tests.support.responses import Response, ResponseReader

__all__ = ["HttpConnection", "chunked", "get", "request_bytes"]


def request_bytes(
    method: str = "GET",
    target: str = "/",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    *,
    version: str = "HTTP/1.1",
) -> bytes:
    """One request; ``Host`` and, with a body, ``Content-Length`` are added unless given."""
    fields = list(headers)
    names = {name.lower() for name, _ in fields}
    if "host" not in names:
        fields.insert(0, ("Host", "test.example"))
    if body and not names & {"content-length", "transfer-encoding"}:
        fields.append(("Content-Length", str(len(body))))
    lines = [f"{method} {target} {version}", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def chunked(parts: Iterable[bytes]) -> bytes:
    """A chunked body, one chunk for each part."""
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in parts if part]
    return b"".join([*chunks, b"0\r\n\r\n"])


class HttpConnection:
    """One connection; several requests may go through it."""

    def __init__(self, address: Address, *, timeout: float = 15.0) -> None:
        self.sock = connect(address, timeout=timeout)
        self.reader = ResponseReader(self.sock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def send_request(
        self,
        method: str = "GET",
        target: str = "/",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None:
        self.send(request_bytes(method, target, headers, body))

    def request(
        self,
        method: str = "GET",
        target: str = "/",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Response:
        """Send one request and read its whole response."""
        self.send_request(method, target, headers, body)
        return self.reader.read(method=method)

    def get(self, target: str) -> Response:
        return self.request("GET", target)

    def request_if_open(self, method: str, target: str) -> Response | None:
        """Send one request and read its response, or return ``None`` if the server closes instead."""
        try:
            self.send_request(method, target)
        except (BrokenPipeError, ConnectionResetError):
            return None
        return None if self.is_closed_by_server() else self.reader.read(method=method)

    def is_closed_by_server(self) -> bool:
        """Wait for the server's next move; true if it closes the connection."""
        return self.reader.at_end()


def get(address: Address, target: str = "/", *, timeout: float = 15.0) -> Response:
    """GET on a connection of its own."""
    with HttpConnection(address, timeout=timeout) as connection:
        return connection.request("GET", target, [("Connection", "close")])
