"""What log lines are written to: files, descriptors, sockets, syslog."""

from __future__ import annotations

import os
import socket
import time
from typing import Final, Protocol

from engine.address import AbstractUnixAddress, TcpAddress, UnixAddress, parse_address
from engine.errors import ConfigError
from engine.logs.log_file import LogFile
from engine.logs.targets import FileRules, Target

__all__ = ["Destination", "open_destination"]

_SYSLOG: Final = "/dev/log"
_DAEMON_INFO: Final = 30  # facility daemon (3 << 3), severity informational (6); RFC 3164 section 4.1.1
_FACILITIES: Final = {"user": 1, "mail": 2, "daemon": 3, "auth": 4, "cron": 9, "authpriv": 10} | {
    f"local{number}": 16 + number for number in range(8)
}


class Destination(Protocol):
    """Takes encoded lines; losing one must never end the server."""

    def write(self, line: bytes) -> None: ...
    def open(self) -> None: ...
    def rotate(self, *, only_big: bool) -> None: ...
    def close(self) -> None: ...


class _Descriptor:
    """An open descriptor."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def write(self, line: bytes) -> None:
        while line:
            try:
                line = line[os.write(self._fd, line) :]
            except BlockingIOError:
                continue
            except OSError:
                return

    def open(self) -> None:
        pass

    def rotate(self, *, only_big: bool) -> None:
        pass

    def close(self) -> None:
        os.close(self._fd)


class _File(_Descriptor):
    """A file that only this process writes."""

    def __init__(self, path: str, rules: FileRules, owner: tuple[int, int] | None) -> None:
        self._file = LogFile("logger file", path, (), rules, owner)
        self._file.open()
        super().__init__(self._file.fd)

    def open(self) -> None:
        try:
            self._file.open()
        except ConfigError as error:
            self.write(f"{error}; the old file is written on\n".encode())

    def rotate(self, *, only_big: bool) -> None:
        if only_big and not self._file.is_too_big():
            return
        try:
            self._file.rotate()
        except OSError as exc:
            self.write(f"the log cannot be rotated: {exc}\n".encode())
        else:
            self.open()


class _Datagrams:
    """A socket, one datagram a line."""

    def __init__(self, address: str) -> None:
        parsed = parse_address(address)
        self._address: tuple[str, int] | str
        if isinstance(parsed, TcpAddress):
            family = socket.AF_INET6 if ":" in parsed.host else socket.AF_INET
            self._address = (parsed.host or "127.0.0.1", parsed.port)
        elif isinstance(parsed, UnixAddress | AbstractUnixAddress):
            family = socket.AF_UNIX
            self._address = parsed.path if isinstance(parsed, UnixAddress) else f"\0{parsed.name}"
        else:
            raise ConfigError(f"logger {address}: a descriptor is written with fd:N")
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def write(self, line: bytes) -> None:
        self.send(line)

    def send(self, data: bytes) -> None:
        try:
            self._socket.sendto(data, self._address)
        except OSError:
            pass  # nobody listens, or not fast enough; a log server that is away must not stop the server

    def open(self) -> None:
        pass

    def rotate(self, *, only_big: bool) -> None:
        pass

    def close(self) -> None:
        self._socket.close()


class _Syslog(_Datagrams):
    """Messages as in RFC 3164, to the local syslog or one elsewhere."""

    def __init__(self, address: str, name: str, priority: int) -> None:
        super().__init__(address)
        self._name = name
        self._priority = priority

    def write(self, line: bytes) -> None:
        now = time.localtime()
        date = f"{time.strftime('%b', now)} {now.tm_mday:2d} {time.strftime('%H:%M:%S', now)}"
        self.send(f"<{self._priority}>{date} {self._name}: ".encode() + line.rstrip(b"\n"))


def open_destination(
    target: Target, original: int, rules: FileRules, owner: tuple[int, int] | None
) -> Destination:
    """Open a destination.

    :param original: the descriptor that standard error was before lines were led elsewhere
    :raises ConfigError: if it cannot be opened
    """
    kind, argument = target.kind, target.argument
    if kind == "file":
        return _File(argument, rules, owner)
    if kind == "stdio":
        return _Descriptor(original)
    if kind == "fd":
        return _Descriptor(int(argument))
    if kind == "socket":
        return _Datagrams(argument)
    if kind == "syslog":
        name, _, facility = argument.partition(",")
        return _Syslog(_SYSLOG, name or "uwsgi", _priority(facility))
    address, _, rest = argument.partition(",")
    name, _, priority = rest.partition(",")
    return _Syslog(address, name or "uwsgi", int(priority) if priority.isdecimal() else _DAEMON_INFO)


def _priority(facility: str) -> int:
    """Severity informational of a facility, daemon unless told (syslog(3))."""
    return (_FACILITIES.get(facility, 3) << 3) | 6
