"""Families of uWSGI options for jobs that other programs do; recognised by how their names begin.

uWSGI 2.0.31 lists 943 options; a name below is not a typing error, so it gets a better answer than
"unknown option".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.config.options.foreign import ADVICE

__all__ = ["advice_for"]

_PROXY: Final = "put nginx or HAProxy in front"
_UNITS: Final = "run one systemd unit (or container) per engine"
_METRICS: Final = "use --stats-push statsd:HOST:PORT, or let Prometheus ask with --stats-http"
_HOOK: Final = "run it from the unit file, the container's entry point or the application"

_FAMILIES: Final[Mapping[str, str]] = {
    "fastrouter": _PROXY,
    "rawrouter": _PROXY,
    "sslrouter": _PROXY,
    "http-subscription": _PROXY,
    "subscription": _PROXY,
    "route": f"route in the application, or {_PROXY}",
    "final-route": f"route in the application, or {_PROXY}",
    "response-route": f"route in the application, or {_PROXY}",
    "error-route": f"route in the application, or {_PROXY}",
    "emperor": _UNITS,
    "vassal": _UNITS,
    "imperial": _UNITS,
    "legion": "use a cluster manager for leader election",
    "alarm": "watch the log with your monitoring",
    "snmp": _METRICS,
    "carbon": _METRICS,
    "rrdtool": _METRICS,
    "nagios": "let the monitoring ask over HTTP",
    "exec": _HOOK,
    "hook": _HOOK,
    "call": _HOOK,
    "mount-": _HOOK,
    "umount-": _HOOK,
    "wait-for": _HOOK,
    "setns": _UNITS,
    "namespace": _UNITS,
    "unshare": _UNITS,
    "cgroup": _UNITS,
    "fastcgi": "speak HTTP (--http-socket) or uwsgi (--socket) to the engine",
    "scgi": "speak HTTP (--http-socket) or uwsgi (--socket) to the engine",
    "symcall": "the engine runs Python applications only",
    "cheaper-busyness": "use a fixed number of --processes",
    "zerg": "start more engines behind the proxy",
}


def advice_for(name: str) -> str | None:
    """Return what to do instead of a uWSGI option that is not here, None if uWSGI has none of that name."""
    if name in ADVICE:
        return ADVICE[name]
    for prefix, advice in _FAMILIES.items():
        stem = prefix.rstrip("-")
        if name.startswith(f"{stem}-") or (name == stem and not prefix.endswith("-")):
            return advice
    return None
