"""The request log of one worker: which requests are logged, and their lines."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeAlias

from engine.logs.line_format import compile_format, compile_json
from engine.logs.settings import RequestLogSettings
from engine.logs.variables import Surroundings
from engine.request.access import DefaultLine
from engine.request.exchange import Exchange

__all__ = ["MakeNumberedLine", "line_maker"]

MakeNumberedLine: TypeAlias = Callable[[Exchange, int, float], str]
"""Exchange, how many this worker has finished, seconds -> line without line end."""


def line_maker(
    settings: RequestLogSettings,
    worker: int,
    memory: Callable[[], tuple[int, int]],
    metric: Callable[[str], int] = lambda name: 0,
    on_default: Callable[[DefaultLine], None] = lambda line: None,
) -> MakeNumberedLine:
    """Return what makes the lines that *settings* ask for; call in the worker.

    :param memory: resident and virtual size of this process, in bytes
    :param metric: tells the value of a metric
    :param on_default: is given what makes the lines, if they are the default ones
    :raises ConfigError: if the format cannot be used
    """
    if settings.pattern is None and not settings.json_fields:
        line = DefaultLine(
            os.getpid(), settings.micros, settings.forwarded_for, memory if settings.memory else None
        )
        on_default(line)
        return line.make
    around = Surroundings(os.getpid(), worker, memory, settings.date_format, settings.forwarded_for, metric)
    if settings.json_fields:
        make = compile_json(settings.json_fields, around)
    else:
        assert settings.pattern is not None
        make = compile_format(settings.pattern, around)
    return lambda exchange, number, took: make(exchange, took)
