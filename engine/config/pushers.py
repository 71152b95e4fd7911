"""Where figures are sent to (uWSGI ``--stats-push``)."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ConfigError

__all__ = ["StatsdAddress", "parse_push"]


@dataclass(frozen=True, slots=True)
class StatsdAddress:
    """A statsd server; ``prefix`` is put before the names of metrics.

    ``tags``: ``NAME:VALUE`` each, behind every metric as Datadog's statsd takes them.
    """

    host: str
    port: int
    prefix: str = "uwsgi"
    tags: tuple[str, ...] = ()


def parse_push(text: str) -> StatsdAddress:
    """Read ``statsd:HOST:PORT[,PREFIX[,NAME:VALUE...]]``.

    :raises ConfigError: if it is something else
    """
    kind, _, rest = text.partition(":")
    address, *more = rest.split(",")
    tags = tuple(text for text in more if ":" in text)
    prefix = ",".join(text for text in more if ":" not in text)
    host, _, port = address.rpartition(":")
    if kind != "statsd":
        raise ConfigError(
            f"--stats-push {text}: only statsd:HOST:PORT[,PREFIX[,NAME:VALUE...]] is there; "
            "for Prometheus use --stats with --stats-http and /metrics"
        )
    if not host or not port.isdecimal() or "=" in prefix or "," in prefix or "|" in rest:
        raise ConfigError(
            f"--stats-push {text}: write statsd:HOST:PORT or statsd:HOST:PORT,PREFIX, and tags as NAME:VALUE"
        )
    return StatsdAddress(host.strip("[]"), int(port), prefix or "uwsgi", tags)
