"""Both kinds of asyncio loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

import bridge
from bridge._tree import waits


@pytest.fixture(autouse=True)
def time_to_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who joins whom is found, however full the heap and however slow the machine is."""
    monkeypatch.setattr(waits, "_LONGEST_SEARCH", 60.0)


@pytest.fixture(params=["selector", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    """``bridge.run`` on one kind of loop."""
    factory: Any = asyncio.SelectorEventLoop if request.param == "selector" else uvloop.new_event_loop
    return lambda main: bridge.run(main, loop_factory=factory)
