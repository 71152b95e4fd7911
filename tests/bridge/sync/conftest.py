"""The loops under test, and ways to wait without sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

import bridge

pytestmark = pytest.mark.timeout(20)
LOOPS = {"selector": asyncio.SelectorEventLoop, "uvloop": uvloop.new_event_loop}

Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=sorted(LOOPS))
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which loop hosts, and which is the private one."""
    monkeypatch.setenv("BRIDGE_LOOP", "asyncio" if request.param == "selector" else "uvloop")
    return request.param


@pytest.fixture
def run(host: str) -> Run:
    """``asyncio.run`` with that loop, in which nothing may take longer than ten seconds."""

    def runner(main: Coroutine[Any, Any, Any]) -> Any:
        return bridge.run(asyncio.wait_for(main, 10), loop_factory=LOOPS[host])

    return runner
