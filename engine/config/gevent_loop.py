"""How gevent runs in the workers: how many cores, on which loop, patched when."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final, Literal

from engine.config.merge import Merged
from engine.config.settings import MonkeyPatch
from engine.errors import ConfigError

__all__ = ["cores", "loop_backend", "monkey_patch"]

DEFAULT_CORES: Final = 100
NO_ASYNC_MODE: Final = "the gevent loop engine requires async mode (--async <n>)"


def cores(merged: Merged, notices: list[str]) -> int:
    """Return how many requests a worker runs at once.

    :param notices: gets a line if the number is the default
    :raises ConfigError: if it is below 1, or another loop engine is wanted
    """
    loop = merged.text("loop")
    if loop != "gevent":
        raise ConfigError(
            f"--loop {loop}: gevent is the only loop engine here; write --loop gevent, or --gevent N"
        )
    given = [value for name, value in merged.steps if name in {"gevent", "async"} and isinstance(value, int)]
    if given:
        if given[-1] < 1:
            raise ConfigError(f"{NO_ASYNC_MODE}: --gevent and --async need 1 or more, not {given[-1]}")
        return given[-1]
    if "loop" in merged:
        raise ConfigError(f"{NO_ASYNC_MODE}; add --async N, or write --gevent N instead of --loop gevent")
    # Starting beats an error: this engine always runs gevent, and uWSGI's documentation uses 100 throughout.
    notices.append(f"no --gevent given: each worker runs up to {DEFAULT_CORES} requests at once")
    return DEFAULT_CORES


def monkey_patch(merged: Merged) -> MonkeyPatch:
    """Return when the standard library is patched."""
    if merged.flag("gevent-early-monkey-patch"):
        return "early"
    return "late" if merged.flag("gevent-monkey-patch") else "off"


def loop_backend(merged: Merged) -> Literal["uvloop", "asyncio"]:
    """Return the loop that polls: uvloop where it is installed.

    :raises ConfigError: if it is asked for and is not
    """
    wanted = merged.text("loop-backend")
    if wanted == "asyncio":
        return "asyncio"
    if find_spec("uvloop") is not None:
        return "uvloop"
    if wanted == "uvloop":
        raise ConfigError(
            "--loop-backend uvloop: uvloop is not installed; run 'pip install uvloop', or leave it out"
        )
    return "asyncio"
