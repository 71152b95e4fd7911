"""Rules of the options that say where log lines go."""

from __future__ import annotations

import os
from collections.abc import Sequence

from engine.config.merge import Merged
from engine.errors import ConfigError
from engine.logs.encoders import split_encoder
from engine.logs.python_logging import REQUEST_LOGGER, PythonLogging, read_logging
from engine.logs.targets import (
    Chain,
    FileRules,
    LogTargets,
    Target,
    check_pattern,
    parse_route,
    parse_target,
)

__all__ = ["is_network_log", "log_targets"]


def log_targets(merged: Merged) -> LogTargets:
    """Return where lines are to go.

    :raises ConfigError: if a logger, an encoder or a pattern cannot be meant
    """
    server = [parse_target("logger", text) for text in merged.texts("logger")]
    syslog = merged.text("log-syslog")
    if syslog is not None:
        server.append(Target("syslog", syslog))
    server += [Target("socket", text) for text in merged.texts("log-socket")]
    logto = merged.text("logto")
    if logto is not None and is_network_log(logto):
        server.append(Target("socket", logto.removeprefix("udp:")))
    requests = [parse_target("req-logger", text) for text in merged.texts("req-logger")]
    return LogTargets(
        _chain(merged, server, ""),
        _chain(merged, requests, "req-"),
        tuple(check_pattern("log-drain", text) for text in merged.texts("log-drain")),
        tuple(check_pattern("log-filter", text) for text in merged.texts("log-filter")),
        FileRules(
            _mode(merged),
            merged.flag("log-truncate"),
            merged.integer("log-maxsize"),
            merged.text("log-backupname"),
        ),
        _python_logging(merged, requests),
    )


def _python_logging(merged: Merged, requests: Sequence[Target]) -> PythonLogging | None:
    path = merged.text("log-config")
    if path is None:
        return None
    read = read_logging(os.path.abspath(path))
    if read.requests and requests:
        raise ConfigError(
            f"--log-config {path} names the logger {REQUEST_LOGGER}, and --req-logger takes the same lines; "
            "leave one out"
        )
    return read


def is_network_log(text: str) -> bool:
    """Whether ``--logto`` names a UDP address instead of a file."""
    return text.startswith("udp:") or (
        not text.startswith("/") and ":" in text and text.rpartition(":")[2].isdecimal()
    )


def _chain(merged: Merged, targets: list[Target], kind: str) -> Chain:
    encoders = merged.texts(f"log-{kind}encoder")
    for text in encoders:
        _, _, name = split_encoder(f"log-{kind}encoder", text)
        if name is not None and name not in [target.name for target in targets]:
            raise ConfigError(f"--log-{kind}encoder {text}: there is no logger {name!r}")
    routes = [parse_route(f"log-{kind}route", text, targets) for text in merged.texts(f"log-{kind}route")]
    return Chain(tuple(targets), encoders, tuple(routes))


def _mode(merged: Merged) -> int | None:
    text = merged.text("logfile-chmod")
    if text is None:
        return None
    if len(text) not in (3, 4) or not set(text) <= set("01234567"):
        raise ConfigError(f"--logfile-chmod {text}: octal digits are needed, as in 640")
    return int(text, 8)
