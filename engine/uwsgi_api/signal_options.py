"""What the options raise by themselves: ``--timer``, ``--rbtimer``, ``--fs-signal``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.errors import ConfigError
from engine.signals.wire import AddFile, AddTimer, Message
from engine.uwsgi_api.keyvals import Options

__all__ = ["messages"]


def messages(opt: Mapping[str, Any]) -> Iterator[Message]:
    """Yield what the switchboard is to be told.

    :raises ConfigError: if a value makes no sense
    """
    options = Options(opt)
    for text in options.texts("timer", "signal-timer", "rbtimer", "signal-rbtimer"):
        number, seconds = _parts(text, "timer", "number seconds, as in '17 10'")
        try:
            period = float(seconds)
        except ValueError:
            period = 0.0
        if period <= 0:
            raise ConfigError(f"--timer {text!r}: {seconds!r} is no number of seconds")
        yield AddTimer(_number(number, "timer", text), period)
    for name in ("fs-signal", "touch-signal"):
        for text in options.texts(name):
            path, number = _parts(text, name, "path number, as in '/tmp 17'")
            yield AddFile(_number(number, name, text), path)


def _parts(text: str, name: str, how: str) -> tuple[str, str]:
    first, _, second = text.strip().rpartition(" ")
    if not first or not second:
        raise ConfigError(f"--{name} {text!r}: write {how}")
    return first.strip(), second


def _number(text: str, name: str, whole: str) -> int:
    if not text.isdecimal() or int(text) > 255:
        raise ConfigError(f"--{name} {whole!r}: a uwsgi signal is a number from 0 to 255, not {text!r}")
    return int(text)
