"""The loops under test: ours on uvloop, ours on asyncio's selector loop, gevent's own on libev."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gevent.libev.corecext import loop as libev_loop

from bridge.loop import loop as bridge_loop

LoopFactory = Callable[[], Any]


@pytest.fixture(params=["uvloop", "asyncio", "libev"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which implementation the test runs on."""
    name: str = request.param
    if name != "libev":
        monkeypatch.setenv("BRIDGE_LOOP", name)
    return name


def _factory(kind: str) -> Callable[..., Any]:
    return libev_loop if kind == "libev" else bridge_loop


@pytest.fixture
def loop(kind: str) -> Iterator[Any]:
    """A loop of this thread that belongs to no hub, so callbacks run where ``run()`` is called."""
    made = _factory(kind)(default=False)
    yield made
    made.destroy()


@pytest.fixture
def default_loop(kind: str) -> Iterator[Any]:
    """A default loop: the kind that may watch children and, under libev, signals."""
    made = _factory(kind)(default=True)
    yield made
    made.destroy()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two connected non-blocking sockets."""
    left, right = socket.socketpair()
    left.setblocking(False)
    right.setblocking(False)
    with left, right:
        yield left, right


class Errors:
    """An error handler that collects instead of reporting."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, type[BaseException]]] = []

    def handle_error(self, context: Any, type: Any, value: Any, tb: Any) -> None:
        self.seen.append((context, type))


@pytest.fixture
def errors(loop: Any) -> Errors:
    """What the loop reports."""
    collected = Errors()
    loop.error_handler = collected
    return collected
