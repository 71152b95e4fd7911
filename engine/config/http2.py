"""Whether HTTP/2 is spoken, and where."""

from __future__ import annotations

from importlib.util import find_spec

from engine.config.merge import Merged
from engine.errors import ConfigError
from engine.protocols.http2.settings import Http2Settings

__all__ = ["http2_settings"]


def http2_settings(merged: Merged) -> Http2Settings:
    """Return what ``--http2`` asks for.

    :raises ConfigError: if it is on and the ``h2`` package is missing, or no request may be open at once
    """
    wanted = merged.text("http2")
    installed = find_spec("h2") is not None
    if wanted == "on" and not installed:
        raise ConfigError(
            "--http2 on: the h2 package is not installed; run 'pip install gevent-bridge[http2]', "
            "or write --http2 off"
        )
    most = merged.integer("http2-max-streams")
    if most < 1:
        raise ConfigError("--http2-max-streams 0 would refuse every request; write 1 or more, or --http2 off")
    return Http2Settings(wanted != "off" and installed, wanted == "on", most)
