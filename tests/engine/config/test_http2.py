"""``--http2``: where HTTP/2 is spoken, and what is said where it cannot be."""

from __future__ import annotations

import pytest

import engine.config.http2 as http2
from engine.config.http2 import http2_settings
from engine.errors import ConfigError
from engine.protocols.http2.settings import Http2Settings


class Merged:
    def __init__(self, wanted="auto", most=100):
        self.wanted, self.most = wanted, most

    def text(self, name):
        return self.wanted

    def integer(self, name):
        return self.most


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("auto", Http2Settings(True, False)), ("on", Http2Settings(True, True)), ("off", Http2Settings())],
)
def test_with_h2(wanted, expected):
    assert http2_settings(Merged(wanted)) == expected


def test_without_h2(monkeypatch):
    monkeypatch.setattr(http2, "find_spec", lambda name: None)
    assert http2_settings(Merged("auto")) == Http2Settings()
    assert http2_settings(Merged("off")) == Http2Settings()
    with pytest.raises(ConfigError, match=r"pip install gevent-bridge\[http2\]"):
        http2_settings(Merged("on"))


def test_no_streams_at_all():
    with pytest.raises(ConfigError, match="http2-max-streams"):
        http2_settings(Merged("on", 0))
