"""Listening sockets: opened once, before any fork, and inherited by every worker."""

from __future__ import annotations

import errno
import os
import socket
import stat
from dataclasses import dataclass

from engine.address import AbstractUnixAddress, Address, InheritedFd, TcpAddress, UnixAddress
from engine.errors import BindError
from engine.net.tls.keeper import TlsKeeper

__all__ = ["Listener", "bind", "describe"]


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound, listening, non-blocking socket and what is spoken on it.

    :param protocol: ``http`` or ``uwsgi``
    :param path: the file of a unix socket
    :param tls: None without
    """

    protocol: str
    sock: socket.socket
    name: str
    path: str | None = None
    tls: TlsKeeper | None = None

    def unlink(self) -> None:
        """Remove the file of a unix socket (uWSGI ``--vacuum``)."""
        if self.path is not None:
            try:
                os.unlink(self.path)
            except OSError:
                pass


def bind(protocol: str, address: Address, backlog: int, mode: int | None = None) -> Listener:
    """Open a listening socket.

    :param backlog: connections the kernel keeps while no core is free (uWSGI ``--listen``)
    :param mode: permission bits of a unix socket; None leaves them to the umask
    :raises BindError: with the address and what to do
    """
    sock = _new_socket(address)
    try:
        _bind(sock, address, mode)
        sock.listen(backlog)
    except OSError as exc:
        sock.close()
        raise BindError(_explain(address, exc)) from exc
    sock.setblocking(False)
    path = os.path.abspath(address.path) if isinstance(address, UnixAddress) else None
    return Listener(protocol, sock, describe(sock), path)


def _new_socket(address: Address) -> socket.socket:
    if isinstance(address, InheritedFd):
        try:
            return socket.socket(fileno=os.dup(address.fd))
        except OSError as exc:
            raise BindError(_explain(address, exc)) from exc
    if isinstance(address, TcpAddress):
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return sock
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def _bind(sock: socket.socket, address: Address, mode: int | None) -> None:
    if isinstance(address, TcpAddress):
        sock.bind((address.host, address.port))
    elif isinstance(address, AbstractUnixAddress):
        sock.bind("\0" + address.name)
    elif isinstance(address, UnixAddress):
        _remove_stale(address.path)
        sock.bind(address.path)
        if mode is not None:
            os.chmod(address.path, mode)


def _remove_stale(path: str) -> None:
    """Remove a socket file that nobody listens on; a live one stays and makes bind fail."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return
    except OSError:
        return
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(path)
    except ConnectionRefusedError:
        os.unlink(path)
    except OSError:
        pass
    finally:
        probe.close()


def _explain(address: Address, exc: OSError) -> str:
    if exc.errno == errno.EADDRINUSE:
        return (
            f"probably another instance is running on the same address ({address}): bind(): {exc.strerror}. "
            "Stop it, or choose another address."
        )
    if exc.errno == errno.EACCES:
        return (
            f"no permission to listen on {address}: {exc.strerror}. "
            "Ports below 1024 need root or CAP_NET_BIND_SERVICE; a unix socket, a writable directory."
        )
    return f"cannot listen on {address}: {exc.strerror or exc}"


def describe(sock: socket.socket) -> str:
    """Return the address of a bound socket as text."""
    name = sock.getsockname()
    if isinstance(name, tuple):
        host = f"[{name[0]}]" if ":" in name[0] else name[0]
        return f"{host}:{name[1]}"
    text = name.decode() if isinstance(name, bytes) else str(name)
    return "@" + text[1:] if text.startswith("\0") else text
