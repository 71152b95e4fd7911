"""The variables of ``--log-format`` (uWSGI docs, LogFormat): names and what they stand for.

A variable is an expression of Python over ``x``, the exchange, and ``t``, the seconds it took; a
format becomes one function made of them, so that a line costs no look-ups of names.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import ConfigError
from engine.logs.clean import clean
from engine.logs.dates import COMMON_LOG_DATE, ctime, iso_time, strftime_once
from engine.logs.request_texts import logvar, variable

__all__ = ["NAMES", "NUMBERS", "Surroundings", "Variables"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lines tell besides the request.

    :param memory: resident and virtual size of this process, in bytes
    :param metric: tells the value of ``%(metric.NAME)``
    :param date_format: strftime pattern of ``%(ftime)``; None means that of ``%(ltime)``
    :param forwarded_for: ``%(addr)`` is X-Forwarded-For, if there is one
    """

    pid: int = 0
    worker: int = 0
    memory: Callable[[], tuple[int, int]] = lambda: (0, 0)
    date_format: str | None = None
    forwarded_for: bool = False
    metric: Callable[[str], int] = lambda name: 0


_NUMBERS: Final[Mapping[str, str]] = {
    "status": "x.status_code",
    "rsize": "x.body_bytes",
    "hsize": "x.header_bytes",
    "size": "x.header_bytes + x.body_bytes",
    "cl": "x.body.length or 0",
    "headers": "x.header_count",
    "switches": "x.switches",
    "core": "x.core",
    "vars": "x.variable_count * 2",
    "pktsize": "x.request_bytes()",
    "modifier1": "getattr(x.head, 'modifier1', 0)",
    "modifier2": "getattr(x.head, 'modifier2', 0)",
    "pid": "pid",
    "wid": "worker",
    "micros": "int(t * 1e6)",
    "msecs": "int(t * 1e3)",
    "secs": "format(t, '.6f')",
    "tmicros": "int(x.started_at * 1e6)",
    "tmsecs": "int(x.started_at * 1e3)",
    "time": "int(x.started_at)",
    "epoch": "int(now())",
    "rss": "memory()[0]",
    "vsz": "memory()[1]",
    "rssM": "memory()[0] >> 20",
    "vszM": "memory()[1] >> 20",
    "werr": "int(x.is_cut())",
    "rerr": "int(x.body.is_broken())",
    "ioerr": "int(x.is_cut()) + int(x.body.is_broken())",
}
_TEXTS: Final[Mapping[str, str]] = {
    "uri": "clean(x.uri) or '-'",
    "method": "clean(x.method) or '-'",
    "proto": "clean(x.protocol) or '-'",
    "addr": "addr(x)",
    "user": "user(x)",
    "host": "host(x)",
    "uagent": "uagent(x)",
    "referer": "referer(x)",
    "ctime": "ctime(x.started_at)",
    "ltime": "ltime(x.started_at)",
    "ftime": "ftime(x.started_at)",
    "isotime": "isotime(x.started_at)",
}
_OF_REQUEST: Final = {
    "user": "REMOTE_USER",
    "host": "HTTP_HOST",
    "uagent": "HTTP_USER_AGENT",
    "referer": "HTTP_REFERER",
}
NUMBERS: Final = frozenset(_NUMBERS)
NAMES: Final = tuple(sorted([*_NUMBERS, *_TEXTS]))
_ALIKE: Final = 0.75  # difflib's ratio from which on a name is taken for a typing error


class Variables:
    """Expressions by name, and the names that these use."""

    def __init__(self, around: Surroundings) -> None:
        self._metric = around.metric
        self.names: dict[str, Any] = {
            "pid": around.pid,
            "worker": around.worker,
            "memory": around.memory,
            "clean": clean,
            "now": time.time,
            "ctime": ctime,
            "isotime": iso_time,
            "ltime": strftime_once(COMMON_LOG_DATE),
            "ftime": strftime_once(around.date_format or COMMON_LOG_DATE),
            "addr": _forwarded_for if around.forwarded_for else _address,
            **{name: variable(key) for name, key in _OF_REQUEST.items()},
        }

    def expression(self, name: str) -> str:
        """Return the expression of a variable.

        A name that is no variable of the server is one of the application (``uwsgi.set_logvar``), as in
        uWSGI.  One that looks like a typing error is refused; ``logvar.NAME`` is never taken for one.

        :raises ConfigError: if there is no such variable
        """
        known = _NUMBERS.get(name) or _TEXTS.get(name)
        if known is not None:
            return known
        group, _, rest = name.partition(".")
        if group == "var" and rest:
            return self._call(variable(rest))
        if group == "logvar" and rest:
            return self._call(logvar(rest))
        if group == "metric" and rest:
            return self._call(lambda exchange: str(self._metric(rest)))
        if group in ("var", "logvar", "metric"):
            raise ConfigError(_refusal(name))
        alike = difflib.get_close_matches(name, NAMES, 1, _ALIKE)
        if alike or not name:
            raise ConfigError(_refusal(name, *alike))
        return self._call(logvar(name))

    def _call(self, function: Callable[[Any], str]) -> str:
        key = f"call{len(self.names)}"
        self.names[key] = function
        return f"{key}(x)"


def _address(exchange: Any) -> str:
    return clean(exchange.remote_addr) or "-"


_forwarded: Final = variable("HTTP_X_FORWARDED_FOR")


def _forwarded_for(exchange: Any) -> str:
    told = _forwarded(exchange)
    return _address(exchange) if told == "-" else told


def _refusal(name: str, *alike: str) -> str:
    meant = f"; is {alike[0]} meant? A variable of uwsgi.set_logvar is %(logvar.{name})" if alike else ""
    return (
        f"--log-format: %({name}): there is no such variable{meant}. There are {', '.join(NAMES)}, "
        "var.NAME of the request (var.HTTP_X_ID), metric.NAME, and names that the application sets "
        "with uwsgi.set_logvar"
    )
