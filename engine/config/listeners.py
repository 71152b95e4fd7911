"""Where the server listens, and what is spoken there."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final, Literal

from engine.address import InheritedFd, TcpAddress, parse_address
from engine.config.activation import activated
from engine.config.merge import Merged
from engine.config.settings import Listener
from engine.config.shared_sockets import SharedSockets
from engine.config.tls import Certificate, tls_address, tls_keyvals
from engine.errors import ConfigError

__all__ = ["backlog", "listeners"]

_SOCKET_OPTIONS: Final[Mapping[str, Callable[[str], tuple[str, Certificate | None]]]] = {
    "http-socket": lambda text: (text, None),
    "socket": lambda text: (text, None),
    "https-socket": tls_address,
    "https2": tls_keyvals,
    "suwsgi-socket": tls_address,
    "http-to-https": lambda text: (text, None),
}
_PROTOCOLS: Final[Mapping[str, Literal["http", "uwsgi", "redirect"]]] = {
    "http-socket": "http",
    "https-socket": "http",
    "https2": "http",
    "suwsgi-socket": "uwsgi",
    "http-to-https": "redirect",
}


def listeners(merged: Merged, notices: list[str]) -> tuple[Listener, ...]:
    """Return where to listen, in the order written; without any of ours, what systemd has opened.

    :param notices: gets a line for each shared socket that nothing uses
    :raises ConfigError: if there is no address, or one twice
    """
    shared = SharedSockets(merged)
    spoken: Final[Literal["http", "uwsgi"]] = "http" if merged.text("protocol") == "http" else "uwsgi"
    found: list[Listener] = []
    for name, value in merged.steps:
        if name not in _SOCKET_OPTIONS or not isinstance(value, str):
            continue
        text, certificate = _SOCKET_OPTIONS[name](value)
        https_port = ""
        if name == "http-to-https":
            text, _, https_port = text.partition(",")
        text = shared.address(text)
        address = parse_address(text)
        chosen_by_system = isinstance(address, TcpAddress) and address.port == 0
        if not chosen_by_system and any(other.address == address for other in found):
            raise ConfigError(f"{text} is to be listened on twice; remove one of the two")
        protocol = _PROTOCOLS.get(name, spoken)
        found.append(Listener(protocol, address, text, certificate, https_port))
    notices.extend(shared.unused())
    if not found:  # as uWSGI does where systemd has opened the sockets
        # A process that only tries whether a reload would succeed is the child of the one they are for.
        fds = activated(os.environ, os.getpid()) or activated(os.environ, os.getppid())
        found = [Listener(spoken, InheritedFd(fd), f"fd://{fd}") for fd in fds]
    if not found:
        raise ConfigError(
            "no address to listen on: give --http-socket :8000 for HTTP, "
            "or --socket :3031 for the uwsgi protocol (nginx uwsgi_pass)"
        )
    return tuple(found)


def backlog(merged: Merged) -> int:
    """Return how many connections wait in the kernel at most; never more than it allows.

    :raises ConfigError: if ``--listen`` asks for more (uWSGI does not start then either)
    """
    wanted = merged.integer("listen")
    try:
        with open("/proc/sys/net/core/somaxconn") as file:
            most = int(file.read())
    except (OSError, ValueError):
        return wanted  # not Linux
    if wanted > most and "listen" in merged:
        raise ConfigError(
            f"Listen queue size is greater than the system max net.core.somaxconn ({most}). "
            f"Lower --listen {wanted}, or raise it with 'sysctl -w net.core.somaxconn={wanted}'"
        )
    return min(wanted, most)
