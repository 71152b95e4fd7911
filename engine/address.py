"""Where to listen, as uWSGI options spell it (uWSGI docs, "Managing the --http-socket, --socket options").

One difference, on purpose: uWSGI takes anything without a colon as the path of a unix
socket, so ``--socket 9116`` makes a file named ``9116``.  Here a bare number is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from engine.errors import ConfigError

__all__ = ["AbstractUnixAddress", "Address", "InheritedFd", "TcpAddress", "UnixAddress", "parse_address"]

ACCEPTED: Final = (
    "accepted are :PORT (every IPv4 address), HOST:PORT, [IPV6]:PORT, /path/to.sock, relative.sock, "
    "@abstract-name and fd://N"
)

_IPV4: Final = re.compile(r"\d+\.\d+\.\d+\.\d+")

# struct sockaddr_un.sun_path is 108 bytes on Linux with the closing NUL (unix(7)), 104 on the BSDs and macOS.
MAX_UNIX_PATH: Final = 107


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A TCP address; an empty ``host`` means every IPv4 address, port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """The path of a unix socket."""

    path: str

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class AbstractUnixAddress:
    """A name in Linux's abstract namespace, without the leading ``@`` or NUL (unix(7))."""

    name: str

    def __str__(self) -> str:
        return f"@{self.name}"


@dataclass(frozen=True, slots=True)
class InheritedFd:
    """A listening socket that the parent process opened and passed on."""

    fd: int

    def __str__(self) -> str:
        return f"fd://{self.fd}"


Address: TypeAlias = TcpAddress | UnixAddress | AbstractUnixAddress | InheritedFd


def parse_address(text: str) -> Address:
    """Read one listening address.

    :raises ConfigError: if ``text`` is none; the message lists what is accepted
    """
    if not text.strip():
        raise ConfigError(f"the address is empty; {ACCEPTED}")
    if text.startswith("fd://"):
        return InheritedFd(_fd(text))
    if text.startswith("@"):
        return AbstractUnixAddress(_abstract_name(text))
    if text.startswith("/"):
        return _unix(text)  # a path may hold colons
    if text.startswith("unix:"):
        raise ConfigError(f"address {text!r}: write the path of a unix socket alone: {_path_in(text)}")
    if ":" in text:
        return _tcp(text)
    if text == "localhost" or _IPV4.fullmatch(text):
        raise ConfigError(f"address {text!r} has no port: write {text}:8000, or ./{text} for a unix socket")
    if text.isdecimal():
        raise ConfigError(
            f"address {text!r} is only a number: write :{text} for a TCP port, ./{text} for a unix socket"
        )
    return _unix(text)


def _path_in(text: str) -> str:
    path = text.removeprefix("unix:")
    return path.removeprefix("//") if path.startswith("//") else path


def _fd(text: str) -> int:
    number = text.removeprefix("fd://")
    if not (number.isascii() and number.isdecimal()):
        raise ConfigError(
            f"address {text!r}: after fd:// comes the number of an open descriptor, as in fd://3"
        )
    return int(number)


def _abstract_name(text: str) -> str:
    name = text[1:]
    if not name or len(name.encode()) > MAX_UNIX_PATH:
        raise ConfigError(f"address {text!r}: after @ come 1 to {MAX_UNIX_PATH} bytes of name")
    return name


def _unix(text: str) -> UnixAddress:
    if "\0" in text or len(text.encode("utf-8", "surrogateescape")) > MAX_UNIX_PATH:
        raise ConfigError(
            f"address {text!r}: the path of a unix socket has at most {MAX_UNIX_PATH} bytes and no NUL"
        )
    return UnixAddress(text)


def _tcp(text: str) -> TcpAddress:
    host, _, port = text.rpartition(":")
    if "/" in host:
        raise ConfigError(f"address {text!r} is not a host and a port; {ACCEPTED}")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if ":" not in host:
            raise ConfigError(f"address {text!r}: inside [ ] stands an IPv6 address, as in [::1]:8000")
    elif ":" in host:
        raise ConfigError(f"address {text!r}: write an IPv6 address in brackets, as in [{host}]:{port}")
    elif host == "*":
        raise ConfigError(
            f"address {text!r}: write :{port} to listen on every IPv4 address, [::]:{port} for IPv6"
        )
    if not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise ConfigError(f"address {text!r}: the port is a number from 0 to 65535; {ACCEPTED}")
    return TcpAddress(host, int(port))
