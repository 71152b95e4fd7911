"""gevent's ``poll(0)``: what the kernel says, at once, also in tasks."""

from __future__ import annotations

import os
import select as flags
import socket
from collections.abc import Iterator

import gevent
import pytest
from gevent.select import poll

import bridge
from tests.bridge.interop.places import Place


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


def ask(fd: object, events: int = flags.POLLIN | flags.POLLOUT) -> list[int]:
    poller = poll()
    poller.register(fd, events)
    return [found for _, found in poller.poll(0)]


def close_now(fd: int) -> None:
    """As ``os.close``, which gevent puts off in a patched process where the number had watchers."""
    open(fd, "rb", buffering=0).close()


def answers(near: socket.socket, far: socket.socket) -> list[list[int]]:
    seen = [ask(near), ask(near, flags.POLLIN)]
    far.send(b"x")
    seen += [ask(near), ask(near, flags.POLLIN)]
    near.recv(1)
    far.close()
    seen += [ask(near, flags.POLLIN), ask(near, flags.POLLOUT)]
    reading, writing = os.pipe()
    close_now(writing)
    seen.append(ask(reading, flags.POLLIN))  # the kernel says POLLHUP only
    close_now(reading)
    seen.append(ask(reading))
    return seen


EXPECTED = [
    [flags.POLLOUT],
    [],
    [flags.POLLIN | flags.POLLOUT],
    [flags.POLLIN],
    [flags.POLLIN],
    [flags.POLLOUT],
    [flags.POLLIN],
    [flags.POLLNVAL],
]


def test_it_tells_what_is_ready_in_a_greenlet(place: Place, pair) -> None:
    assert place.greenlet(lambda: answers(*pair)) == EXPECTED


def test_it_tells_what_is_ready_in_a_task_and_nobody_else_runs_meanwhile(place: Place, pair) -> None:
    ran: list[str] = []

    async def main() -> list[list[int]]:
        other = gevent.spawn(ran.append, "other")
        seen = answers(*pair)
        assert ran == []
        await bridge.future(other)
        return seen

    assert place.task(main) == EXPECTED
    assert ran == ["other"]


def test_a_greenlet_that_polls_for_ever_lets_others_run(place: Place, pair) -> None:
    def main() -> str:
        gevent.spawn_later(0.001, pair[1].send, b"x")
        with gevent.Timeout(30):
            while not ask(pair[0], flags.POLLIN):
                pass
        return "came"

    assert place.greenlet(main) == "came"


@pytest.mark.parametrize("timeout", [5_000, -1, None])
def test_with_a_timeout_it_waits(place: Place, pair, timeout: int | None) -> None:
    def main() -> list[tuple[int, int]]:
        gevent.spawn_later(0.001, pair[1].send, b"x")
        poller = poll()
        poller.register(pair[0], flags.POLLIN)
        found: list[tuple[int, int]] = poller.poll(timeout)
        return found

    assert place.greenlet(main) == [(pair[0].fileno(), flags.POLLIN)]
