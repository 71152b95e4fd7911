"""The listening sockets of one server: bound, inherited, or passed on by whoever started it."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from engine.config.activation import VARIABLES, activated
from engine.errors import ConfigError
from engine.process.reexec import Inherited, ServingSocket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.config.settings import Listener as WantedListener
    from engine.config.settings import Settings
    from engine.logs.server_log import ServerLog
    from engine.net.listeners import Listener
    from engine.net.tls.keeper import TlsKeeper

__all__ = ["Sockets", "certificates"]

_SPOKEN: Final = {
    ("http", False): " (http)",
    ("http", True): " (https)",
    ("uwsgi", False): "",
    ("uwsgi", True): " (suwsgi)",
    ("redirect", False): " (http to https)",
}
_STATS_BACKLOG: Final = 64


class Sockets:
    """``listeners`` in the order of the settings, and ``stats``, None if there is none."""

    def __init__(self, settings: Settings, log: ServerLog) -> None:
        self._settings = settings
        self._log = log
        self.listeners: list[Listener] = []
        self.stats: Listener | None = None

    def open(self, before: Inherited | None) -> None:
        """Open the listening sockets, except those that this process has already.

        :raises ConfigError: if one cannot be opened
        """
        passed_on = activated(os.environ, os.getpid())
        for name in VARIABLES:
            os.environ.pop(name, None)  # not for the application's children (sd_listen_fds(3))
        left = list(before.sockets) if before is not None else []
        for wanted in self._settings.listeners:
            said, listener = self._one(wanted, left, passed_on)
            listener = replace(listener, https_port=wanted.https_port)
            if wanted.certificate is not None:
                listener = replace(listener, tls=certificates(self._settings, wanted))
            kind = "TCP" if ":" in listener.name else "UNIX"
            self._log.line(
                f"uwsgi socket {len(self.listeners)} {said} {kind} address {listener.name} "
                f"fd {listener.sock.fileno()}{_SPOKEN[wanted.protocol, wanted.certificate is not None]}"
            )
            self.listeners.append(listener)
        for unused in left:
            self._log.line(f"no longer listening on {unused.name}")
            os.close(unused.fd)

    def _one(
        self, wanted: WantedListener, left: list[ServingSocket], passed_on: Sequence[int]
    ) -> tuple[str, Listener]:
        """Return how a socket was come by, and the socket; takes it out of those that are *left*."""
        from engine.net.listeners import Listener, adopt, bind

        settings = self._settings
        for each in left:
            if (each.protocol, each.text) == (wanted.protocol, wanted.text):
                left.remove(each)
                sock = socket.socket(fileno=each.fd)
                sock.listen(settings.listen)
                sock.setblocking(False)  # gevent's sockets do not look at the descriptor's own flag
                return "inherited", Listener(wanted.protocol, sock, each.name, each.path)
        passed = adopt(wanted.protocol, wanted.address, passed_on, settings.listen)
        if passed is not None:
            return "passed on for", passed
        return "bound to", bind(
            wanted.protocol, wanted.address, settings.listen, settings.chmod_socket, settings.socket_options
        )

    def open_stats(self) -> None:
        """Open the socket of the statistics, if there is to be one.

        :raises ConfigError: if it cannot be opened
        """
        settings = self._settings
        if settings.stats is None:
            return
        from engine.net.listeners import bind

        listener = bind(
            "stats", settings.stats, _STATS_BACKLOG, settings.chmod_socket, settings.socket_options
        )
        self._log.line(f"*** Stats server enabled on {listener.name} fd: {listener.sock.fileno()} ***")
        self.stats = listener

    def to_hand_over(self) -> list[ServingSocket]:
        """Return what the next image needs to go on listening."""
        return [
            ServingSocket(wanted.protocol, wanted.text, each.name, each.path, each.sock.fileno())
            for wanted, each in zip(self._settings.listeners, self.listeners, strict=True)
        ]

    def close(self) -> None:
        """Accept nothing any more in this process."""
        for listener in self.listeners:
            listener.sock.close()

    def unlink(self) -> None:
        """Remove unix sockets from the file system (uWSGI ``--vacuum``)."""
        for listener in [*self.listeners, *([self.stats] if self.stats is not None else [])]:
            listener.unlink()


def certificates(settings: Settings, wanted: WantedListener) -> TlsKeeper | None:
    """Read the certificates of one socket.

    :raises ConfigError: if they cannot be used
    """
    if wanted.certificate is None:
        return None
    from engine.net.tls.keeper import HTTP2_ALPN, HTTP_ALPN, TlsKeeper

    alpn: tuple[str, ...] = ()
    if wanted.protocol == "http":
        alpn = HTTP2_ALPN if settings.http2.tls else HTTP_ALPN
    try:
        return TlsKeeper(wanted.certificate, settings.tls, alpn)
    except ConfigError as error:
        raise ConfigError(f"TLS on {wanted.text}: {error}") from error
