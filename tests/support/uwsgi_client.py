"""A client of the uwsgi protocol, as a web server in front of the engine is one."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from tests.support.addresses import Address, connect
from tests.support.responses import Response, ResponseReader

__all__ = ["UwsgiConnection", "encode_packet", "request_vars", "uwsgi_request"]


def encode_packet(
    variables: Mapping[str, str] | Iterable[tuple[str, str]], *, modifier1: int = 0, modifier2: int = 0
) -> bytes:
    """Header and variables: ``modifier1``, size, ``modifier2``, then key and value, each with its length."""
    pairs = variables.items() if isinstance(variables, Mapping) else variables
    block = bytearray()
    for pair in pairs:
        for text in pair:
            raw = text.encode("latin-1")
            block += struct.pack("<H", len(raw)) + raw
    return struct.pack("<BHB", modifier1, len(block), modifier2) + bytes(block)


def request_vars(
    method: str = "GET", target: str = "/", headers: Iterable[tuple[str, str]] = (), body: bytes = b""
) -> dict[str, str]:
    """The variables a front end sends: those of the CGI, then each header as ``HTTP_NAME``."""
    path, _, query = target.partition("?")
    variables = {
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": "",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "REQUEST_URI": target,
        "PATH_INFO": path,
        "DOCUMENT_ROOT": "/",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_SCHEME": "http",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "40000",
        "SERVER_PORT": "80",
        "SERVER_NAME": "test.example",
        "HTTP_HOST": "test.example",
    }
    for name, value in headers:
        key = name.upper().replace("-", "_")
        variables[f"HTTP_{key}"] = value
        if key in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            variables[key] = value
    return variables


class UwsgiConnection:
    """One connection, which carries one request."""

    def __init__(self, address: Address, *, timeout: float = 15.0) -> None:
        self.sock = connect(address, timeout=timeout)
        self.reader = ResponseReader(self.sock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
        self.send(encode_packet(request_vars(method, target, headers, body)) + body)


def uwsgi_request(
    address: Address,
    method: str = "GET",
    target: str = "/",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Response:
    """Send one request and read its response to the end of the connection."""
    with UwsgiConnection(address) as connection:
        connection.send_request(method, target, headers, body)
        return connection.reader.read(method=method)
