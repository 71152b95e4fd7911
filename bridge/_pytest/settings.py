"""What the project's configuration asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bridge._compat import new_uvloop, uvloop_available

__all__ = ["LoopFactory", "Settings", "loop_factories", "read"]

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

_LOOPS = ("selector", "uvloop")
_LEAKS = ("off", "warn", "error")


def _new_selector_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop()


def _new_uvloop() -> asyncio.AbstractEventLoop:
    made: asyncio.AbstractEventLoop = new_uvloop()
    return made


def loop_factories(text: str) -> dict[str, LoopFactory]:
    """Return loop factories by name.

    :param text: names separated by commas, or ``"all"``
    :raises pytest.UsageError: if a name is unknown, or uvloop is asked for by name and not installed
    """
    every: dict[str, LoopFactory] = {"selector": _new_selector_loop}
    if uvloop_available():
        every["uvloop"] = _new_uvloop
    if text.strip() == "all":
        return every
    chosen: dict[str, LoopFactory] = {}
    for name in (part.strip() for part in text.split(",")):
        if name not in _LOOPS:
            raise pytest.UsageError(f"bridge_loop: {name!r} is not known; use selector, uvloop or all.")
        if name not in every:
            raise pytest.UsageError("bridge_loop: uvloop is not installed; run 'pip install uvloop'.")
        chosen[name] = every[name]
    return chosen


def seconds(text: object, where: str) -> float:
    """Return a time limit; 0.0 means none.

    :raises pytest.UsageError: if it is not a number, or negative
    """
    try:
        value = float(str(text))
    except ValueError:
        value = -1.0
    if not value >= 0:
        raise pytest.UsageError(f"{where}: {text!r} is not a number of seconds.")
    return value


@dataclass(frozen=True, slots=True)
class Settings:
    """Read once, when pytest starts."""

    loops: dict[str, LoopFactory]
    timeout: float
    leaks: str


def read(config: pytest.Config) -> Settings:
    """Read options and ini file.

    :raises pytest.UsageError: saying what is wrong
    """

    def value(name: str) -> str:
        given = config.getoption(name)
        return str(config.getini(name) if given is None else given).strip()

    leaks = value("bridge_leaks") or "off"
    if leaks not in _LEAKS:
        raise pytest.UsageError(f"bridge_leaks: {leaks!r} is not known; use error, warn or off.")
    loops = value("bridge_loop")
    return Settings(
        loops=loop_factories(loops) if loops else {},
        timeout=seconds(value("bridge_timeout") or 0, "bridge_timeout"),
        leaks=leaks,
    )
