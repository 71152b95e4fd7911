"""Listening sockets: opened once, before any fork, and inherited by every worker."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import socket
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.address import AbstractUnixAddress, Address, InheritedFd, TcpAddress, UnixAddress
from engine.config.socket_options import SocketOptions
from engine.errors import BindError
from engine.net.tls.keeper import TlsKeeper

__all__ = ["Listener", "adopt", "bind", "describe"]

DEFAULTS: Final = SocketOptions()
_IP_FREEBIND: Final = getattr(socket, "IP_FREEBIND", 15)  # Linux; Python 3.12 has no name for it


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound, listening, non-blocking socket and what is spoken on it.

    :param protocol: ``http``, ``uwsgi`` or ``redirect``
    :param https_port: where ``redirect`` sends to; empty for 443
    :param path: the file of a unix socket
    :param tls: None without
    """

    protocol: str
    sock: socket.socket
    name: str
    path: str | None = None
    tls: TlsKeeper | None = None
    https_port: str = ""

    @property
    def spoken(self) -> str:
        """Tells apart what is to be done with connections."""
        return f"{self.protocol} {self.https_port}" if self.protocol == "redirect" else self.protocol

    def unlink(self) -> None:
        """Remove the file of a unix socket (uWSGI ``--vacuum``)."""
        if self.path is not None:
            try:
                os.unlink(self.path)
            except OSError:
                pass


def bind(
    protocol: str,
    address: Address,
    backlog: int,
    mode: int | None = None,
    options: SocketOptions = DEFAULTS,
) -> Listener:
    """Open a listening socket.

    :param backlog: connections the kernel keeps while no core is free (uWSGI ``--listen``)
    :param mode: permission bits of a unix socket; None leaves them to the umask
    :param options: for sockets that are not passed on by another process
    :raises BindError: with the address and what to do
    """
    sock = _new_socket(address)
    try:
        _set(sock, address, options)
        _bind(sock, address, mode)
        if options.owner and isinstance(address, UnixAddress):
            _give_to(address.path, options.owner)
        sock.listen(backlog)
    except OSError as exc:
        sock.close()
        raise BindError(_explain(address, exc)) from exc
    sock.setblocking(False)
    path = os.path.abspath(address.path) if isinstance(address, UnixAddress) else None
    return Listener(protocol, sock, describe(sock), path)


def adopt(protocol: str, address: Address, fds: Sequence[int], backlog: int) -> Listener | None:
    """Return the one of *fds* that listens on *address*, if there is one.

    :raises BindError: if it cannot be used
    """
    wanted = _socket_name(address)
    for fd in fds:
        try:
            with socket.socket(fileno=os.dup(fd)) as sock:
                if wanted is not None and sock.getsockname()[: len(wanted)] == wanted:
                    return bind(protocol, InheritedFd(fd), backlog)
        except OSError:
            continue  # no socket
    return None


def _socket_name(address: Address) -> tuple[object, ...] | str | bytes | None:
    """What getsockname(2) says of a socket that is bound to *address*; None where that is unknown."""
    if isinstance(address, TcpAddress):
        return (address.host or "0.0.0.0", address.port)
    if isinstance(address, UnixAddress):
        return os.path.abspath(address.path)
    return b"\0" + address.name.encode() if isinstance(address, AbstractUnixAddress) else None


def _set(sock: socket.socket, address: Address, options: SocketOptions) -> None:
    """Set what is inherited by accepted connections, and what bind(2) looks at."""
    wanted = [
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, int(options.keepalive)),
        (socket.SOL_SOCKET, socket.SO_SNDBUF, options.send_buffer),
        (socket.SOL_SOCKET, socket.SO_RCVBUF, options.receive_buffer),
    ]
    if isinstance(address, TcpAddress):
        wanted += [
            (socket.SOL_SOCKET, socket.SO_REUSEPORT, int(options.reuse_port)),
            (socket.IPPROTO_IP, _IP_FREEBIND, int(options.freebind)),
        ]
    for level, name, value in wanted:
        if value:
            sock.setsockopt(level, name, value)


def _give_to(path: str, owner: str) -> None:
    user, _, group = owner.partition(":")
    try:
        uid = int(user) if user.isdecimal() else pwd.getpwnam(user).pw_uid if user else -1
        gid = int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid if group else -1
        os.chown(path, uid, gid)
    except KeyError as exc:
        raise BindError(f"--chown-socket {owner}: there is no such user or group") from exc
    except PermissionError as exc:
        raise BindError(f"--chown-socket {owner}: only root may give {path} away") from exc


def _new_socket(address: Address) -> socket.socket:
    if isinstance(address, InheritedFd):
        return _passed_on(address)
    if isinstance(address, TcpAddress):
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return sock
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def _passed_on(address: InheritedFd) -> socket.socket:
    try:
        sock = socket.socket(fileno=os.dup(address.fd))
    except OSError as exc:
        raise BindError(
            f"{address} is no open socket: {exc.strerror}. "
            "Whoever starts the server must open it and pass it on."
        ) from exc
    if sock.type != socket.SOCK_STREAM:
        sock.close()
        raise BindError(f"{address} is no stream socket; HTTP and uwsgi need one")
    return sock


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
    advice = {
        errno.EADDRNOTAVAIL: ". This machine has no such address; --freebind listens all the same",
        errno.ENOENT: ". Make the directory first",
    }
    return f"cannot listen on {address}: {exc.strerror or exc}{advice.get(exc.errno or 0, '')}"


def describe(sock: socket.socket) -> str:
    """Return the address of a bound socket as text."""
    name = sock.getsockname()
    if isinstance(name, tuple):
        host = f"[{name[0]}]" if ":" in name[0] else name[0]
        return f"{host}:{name[1]}"
    text = name.decode() if isinstance(name, bytes) else str(name)
    return "@" + text[1:] if text.startswith("\0") else text
