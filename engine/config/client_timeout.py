"""How long a client may do nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.config.merge import Merged
from engine.config.settings import Listener
from engine.errors import ConfigError

__all__ = ["client_timeout"]

# uWSGI: socket-timeout is 4 s, and --gevent N raises it to 30 s if it is lower at that moment.
CORE_SOCKET_TIMEOUT: Final = 4.0
GEVENT_SOCKET_TIMEOUT: Final = 30.0

LOW_SOCKET_TIMEOUT: Final = (
    "!!! Running gevent with a socket-timeout lower than 30 seconds is not recommended, "
    "tune it with --socket-timeout !!!"
)


def client_timeout(merged: Merged, listeners: Iterable[Listener], notices: list[str]) -> float:
    """Return the seconds for clients of all listeners; workers know one such number.

    :param notices: gets a line if that is less than uWSGI recommends with gevent
    :raises ConfigError: if it is 0
    """
    for name in ("socket-timeout", "http-timeout"):
        if name in merged and not merged.seconds(name):
            raise ConfigError(f"--{name} 0 would give up on every client at once; write the seconds to wait")
    timeout = _socket_timeout(merged)
    if "http-timeout" in merged:
        http = merged.seconds("http-timeout")
        timeout = max(timeout, http) if any(each.protocol == "uwsgi" for each in listeners) else http
    if timeout < GEVENT_SOCKET_TIMEOUT:
        notices.append(LOW_SOCKET_TIMEOUT)
    return timeout


def _socket_timeout(merged: Merged) -> float:
    cores_by_default = "gevent" not in merged and "async" not in merged
    timeout = GEVENT_SOCKET_TIMEOUT if cores_by_default else CORE_SOCKET_TIMEOUT
    for name, value in merged.steps:
        if name == "gevent":
            timeout = max(timeout, GEVENT_SOCKET_TIMEOUT)
        elif name == "socket-timeout" and isinstance(value, float):
            timeout = value
    return timeout
