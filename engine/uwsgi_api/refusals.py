"""Functions of uWSGI that cannot or do not work here; each says what to use instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

__all__ = ["FORBIDDEN", "LATER", "refusals"]

FORBIDDEN: Final[Mapping[str, str]] = {
    "async_sleep": "gevent.sleep(seconds)",
    "async_connect": "gevent.socket.create_connection(address)",
    "connect": "gevent.socket.create_connection(address)",
    "close": "the close() method of a gevent socket, or uwsgi.disconnect() for the client's connection",
    "green_schedule": "gevent.sleep(0)",
    "ready_fd": "gevent.select.select([fd], [], [])",
    "recv": "the recv() method of a gevent socket, or environ['wsgi.input'] for the request body",
    "recv_block": "the recv() method of a gevent socket",
    "recv_frame": "the recv() method of a gevent socket",
    "send": "the sendall() method of a gevent socket; the reply goes out by yielding it",
    "suspend": "gevent.sleep(0)",
    "wait_fd_read": "gevent.select.select([fd], [], [], timeout)",
    "wait_fd_write": "gevent.select.select([], [fd], [], timeout)",
}
"""uWSGI's own asynchronous API, which must not be mixed with gevent: name -> what to write instead."""

LATER: Final[Mapping[str, str]] = {
    "alarm": "let the monitoring watch the log",
    "embedded_data": "importlib.resources",
    "extract": "open() or an HTTP client",
    "i_am_the_lord": "a cluster manager for leader election",
    "lord_scroll": "a cluster manager for leader election",
    "offload": "uwsgi.sendfile(path)",
    "parsefile": "engine.protocols.uwsgi",
    "route": "routes of the application, or the proxy in front",
    "scrolls": "a cluster manager for leader election",
    "set_warning_message": "uwsgi.log(text)",
    "setprocname": "--procname",
    "snmp_decr_counter32": "metrics of the application",
    "snmp_decr_counter64": "metrics of the application",
    "snmp_decr_gauge": "metrics of the application",
    "snmp_incr_counter32": "metrics of the application",
    "snmp_incr_counter64": "metrics of the application",
    "snmp_incr_gauge": "metrics of the application",
    "snmp_set_community": "metrics of the application",
    "snmp_set_counter32": "metrics of the application",
    "snmp_set_counter64": "metrics of the application",
    "snmp_set_gauge": "metrics of the application",
}
"""Functions that are not offered: name -> what does the job."""


def refusals() -> dict[str, Callable[..., NoReturn]]:
    """Return the functions that only raise RuntimeError, or NotImplementedError."""
    found: dict[str, Callable[..., NoReturn]] = {}
    for name, instead in FORBIDDEN.items():
        found[name] = _raises(
            name,
            RuntimeError,
            f"uwsgi.{name}() belongs to uWSGI's own asynchronous API, which cannot be mixed with gevent; "
            f"use {instead} instead.",
        )
    for name, instead in LATER.items():
        found[name] = _raises(
            name,
            NotImplementedError,
            f"uwsgi.{name}() is not supported by gevent-engine; {_advice(instead)}",
        )
    return found


def _advice(instead: str) -> str:
    return instead if instead.startswith("let ") else f"use {instead} instead"


def _raises(name: str, kind: type[Exception], text: str) -> Callable[..., NoReturn]:
    def refused(*args: Any, **kwargs: Any) -> NoReturn:
        raise kind(text)

    refused.__name__ = refused.__qualname__ = name
    refused.__doc__ = text
    return refused
