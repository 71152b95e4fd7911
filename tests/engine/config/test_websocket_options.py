"""Options of websockets, under both of uWSGI's spellings."""

from __future__ import annotations

import pytest

from engine.config import OPTIONS, read, resolve
from engine.errors import ConfigError
from engine.protocols.websocket import WebSocketSettings


def settings_of(*argv: str) -> WebSocketSettings:
    return resolve(read(["--http-socket", ":0", "--module", "a", *argv], {}, OPTIONS)).websocket


def test_defaults() -> None:
    assert settings_of() == WebSocketSettings()


@pytest.mark.parametrize("prefix", ["websocket", "websockets"])
def test_sizes_are_kibibytes_and_times_seconds(prefix: str) -> None:
    found = settings_of(
        f"--{prefix}-max-size", "64", f"--{prefix}-ping-freq", "5", f"--{prefix}-pong-tolerance", "2"
    )
    assert (found.max_size, found.ping_interval, found.pong_tolerance) == (65536, 5.0, 2.0)


def test_no_limit_no_pings_no_compression() -> None:
    found = settings_of(
        "--websockets-max-size", "0", "--websockets-ping-freq", "0", "--websockets-deflate", "off"
    )
    assert (found.max_size, found.ping_interval, found.deflate) == (0, 0.0, False)


def test_other_words_are_refused() -> None:
    with pytest.raises(ConfigError, match="on, off"):
        settings_of("--websockets-deflate", "maybe")
