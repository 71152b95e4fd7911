"""What goes between a master and its link, and what the master makes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConfigError
from engine.signals.switchboard import Switchboard
from engine.signals.targets import Kind
from engine.signals.wire import Register, Taken
from engine.uwsgi_api.cluster.items import (
    ACCEPTED,
    BATCH,
    DELIVER,
    FULL,
    PUBLISHED,
    RAISE,
    ROOM,
    Arrived,
    Raised,
    decode_arrived,
    decode_raised,
)
from engine.uwsgi_api.cluster.settings import SharedSettings
from engine.uwsgi_api.cluster.uplink import Uplink

targets = st.sampled_from(["", "workers", "worker3", "farm_x", "mule"])
raised = st.builds(Raised, st.integers(0, 255), targets, st.text(max_size=20), st.integers(0, 2**32 - 1))
arrived = st.builds(
    Arrived,
    st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)),
    st.booleans(),
    st.integers(0, 255),
    targets,
)


@given(st.lists(raised, max_size=20), st.lists(arrived, max_size=20))
def test_signals_survive_their_bytes(out: list[Raised], back: list[Arrived]) -> None:
    assert list(decode_raised(b"".join(each.encode() for each in out))) == out
    assert list(decode_arrived(b"".join(each.encode() for each in back))) == back


class Later:
    """Events of a switchboard, run when the test says so."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def add_reader(self, fd: int, call: Callable[[], None]) -> None: ...

    def call_later(self, delay: float, call: Callable[[], None]) -> Later:
        self.calls.append(call)
        return self

    def cancel(self) -> None: ...

    def run(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


class World:
    """A switchboard with one worker, an uplink, and what a link has got of it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.delivered: list[int] = []
        self.later = Later()
        self.board = Switchboard(lambda kind: 2 if kind is Kind.WORKER else 0, self.lines.append)
        self.uplink = Uplink(self.board, self.lines.append)
        self.board.start(self.later)  # type: ignore[arg-type]
        self.board.open(7, Kind.WORKER, 1, self._deliver)
        self.got: list[bytes] = []

    def _deliver(self, numbers: bytes) -> bool:
        self.delivered.extend(numbers)
        return True

    def link(self) -> None:
        self.got.clear()
        self.uplink.attach(lambda data: self.got.append(data) is None)

    def signals(self) -> list[Raised]:
        found = [data for data in self.got if data[:1] == RAISE]
        return [each for data in found for each in decode_raised(data, 1 + BATCH.size)]


@pytest.fixture
def world() -> World:
    return World()


def test_signals_wait_for_a_link_and_go_nowhere_else(world: World) -> None:
    world.board.take(0, Register(5, "workers"))
    world.board.raise_signal(5)
    world.later.run()
    assert world.delivered == []
    world.link()
    assert world.signals() == [Raised(5, "workers")]


def test_a_new_link_gets_again_what_the_old_one_had_not_sent(world: World) -> None:
    world.link()
    for number in (1, 2):
        world.board.raise_signal(number)
        world.later.run()
    first, second = world.got
    world.uplink.receive(PUBLISHED + first[1 : 1 + BATCH.size])
    world.uplink.detach()
    world.link()
    assert world.got == [second]


def test_a_target_that_reaches_nobody_stays_here(world: World) -> None:
    world.link()
    world.board.take(0, Register(5, "nonsense"))
    world.board.raise_signal(5)
    world.later.run()
    assert world.got == []
    assert "^^^ UNSUPPORTED SIGNAL TARGET: nonsense ^^^" in world.lines


@pytest.mark.parametrize("alone", [True, False])
def test_what_comes_again_is_not_handled_again(world: World, alone: bool) -> None:
    world.link()
    signals = [Arrived((1, 1), alone, 5, ""), Arrived((1, 2), alone, 6, "")]
    message = DELIVER + b"\0\0\0\1" + b"".join(each.encode() for each in signals)
    world.uplink.receive(message)
    world.uplink.receive(message)
    world.later.run()
    assert world.delivered == [5, 6]
    assert world.got == [ACCEPTED + b"\0\0\0\1"] * 2


def test_a_server_that_is_behind_asks_for_no_more(world: World) -> None:
    world.board.open(8, Kind.WORKER, 2, lambda numbers: False)
    world.link()
    signals = [Arrived((1, number), True, 5, "worker2") for number in range(600)]
    world.uplink.receive(DELIVER + b"\0\0\0\1" + b"".join(each.encode() for each in signals))
    assert world.got == [FULL, ACCEPTED + b"\0\0\0\1"]
    world.later.run()
    assert len(world.got) == 2
    world.board.close(8)
    world.board.open(9, Kind.WORKER, 2, lambda numbers: True)
    world.later.run()
    world.board.take(9, Taken(600))
    world.later.run()
    assert world.got[2:] == [ROOM]


@pytest.mark.parametrize(
    ("opt", "text"),
    [
        ({"shared": b"localhost:6379"}, "write redis://HOST:PORT/DB"),
        ({"shared": b"redis://x", "shared-lease": b"soon"}, "write a number of seconds"),
    ],
)
def test_options_that_make_no_sense(opt: dict[str, object], text: str) -> None:
    pytest.importorskip("redis")
    with pytest.raises(ConfigError, match=text):
        SharedSettings.of(opt)


def test_nothing_is_shared_unless_asked_for() -> None:
    assert SharedSettings.of({}) is None
