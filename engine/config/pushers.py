"""Where figures are sent to (uWSGI ``--stats-push``)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ConfigError

__all__ = ["StatsdAddress", "parse_push"]


@dataclass(frozen=True, slots=True)
class StatsdAddress:
    """A statsd server; ``prefix`` is put before the names of metrics."""

    host: str
    port: int
    prefix: str = "uwsgi"


def parse_push(text: str) -> StatsdAddress:
    """Read ``statsd:HOST:PORT[,PREFIX]``.

    :raises ConfigError: if it is something else
    """
    kind, _, rest = text.partition(":")
    address, _, prefix = rest.partition(",")
    host, _, port = address.rpartition(":")
    if kind != "statsd":
        raise ConfigError(
            f"--stats-push {text}: only statsd:HOST:PORT[,PREFIX] is there; "
            "for Prometheus use --stats with --stats-http and /metrics"
        )
    if not host or not port.isdecimal() or "=" in prefix:
        raise ConfigError(f"--stats-push {text}: write statsd:HOST:PORT or statsd:HOST:PORT,PREFIX")
    return StatsdAddress(host.strip("[]"), int(port), prefix or "uwsgi")
