"""Messages survive the way over the wire."""

from __future__ import annotations

import pytest

from engine.signals.cron import CronEntry
from engine.signals.wire import (
    AddCron,
    AddFile,
    AddTimer,
    Hello,
    Leaving,
    Message,
    Register,
    Send,
    Taken,
    decode,
    encode,
)


@pytest.mark.parametrize(
    "message",
    [
        Send(b"\x00\xff\x11"),
        Register(255, "farm_é"),
        Register(0, ""),
        AddTimer(3, 0.25, 7, True),
        AddTimer(3, 10.0),
        AddCron(4, CronEntry(-1, 23, -31, 12, 7)),
        AddFile(5, "/tmp/\udcff"),
        Hello(),
        Leaving(),
        Taken(70000),
    ],
    ids=lambda message: type(message).__name__,
)
def test_round_trip(message: Message) -> None:
    assert decode(encode(message)) == message


def test_an_unknown_message_is_an_error() -> None:
    with pytest.raises(ValueError, match="99"):
        decode(b"\x63")
