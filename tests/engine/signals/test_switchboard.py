"""The switchboard on a loop and a clock that the tests turn."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

import pytest

from engine.signals.cron import CronEntry
from engine.signals.registry import MASTER
from engine.signals.switchboard import Switchboard
from engine.signals.targets import Kind
from engine.signals.wire import AddCron, AddFile, AddTimer, Register, Send, Taken


class ManualEvents:
    """Calls that are due, on a clock that :meth:`advance` moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.readers: dict[int, Callable[[], None]] = {}
        self._calls: list[tuple[float, int, list[Callable[[], None]]]] = []
        self._order = itertools.count()

    def add_reader(self, fd: int, call: Callable[[], None]) -> None:
        self.readers[fd] = call

    def call_later(self, delay: float, call: Callable[[], None]) -> Cancel:
        cell = [call]
        heapq.heappush(self._calls, (self.now + delay, next(self._order), cell))
        return Cancel(cell)

    def advance(self, seconds: float = 0.0) -> None:
        end = self.now + seconds
        while self._calls and self._calls[0][0] <= end:
            when, _, cell = heapq.heappop(self._calls)
            self.now = max(self.now, when)
            for call in cell:
                call()
        self.now = end


class Cancel:
    def __init__(self, cell: list[Callable[[], None]]) -> None:
        self._cell = cell

    def cancel(self) -> None:
        self._cell.clear()


class FakeMonitor:
    def __init__(self) -> None:
        self.paths: list[str] = []
        self.touched: list[str] = []

    def add(self, path: str) -> str | None:
        self.paths.append(path)
        return None if path != "/missing" else "no such file"

    def fileno(self) -> int:
        return 99

    def changed(self) -> list[str]:
        touched, self.touched = self.touched, []
        return touched

    def poll(self) -> list[str]:
        return []

    def close(self) -> None:
        pass


class Bench:
    """A switchboard with two workers that note what they get."""

    def __init__(self, workers: int = 2, started: bool = True) -> None:
        self.events = ManualEvents()
        self.log: list[str] = []
        self.monitor = FakeMonitor()
        self.got: dict[int, bytearray] = {}
        self.deaf: set[int] = set()
        self.board = Switchboard(
            lambda kind: workers if kind is Kind.WORKER else 0,
            self.log.append,
            lambda: self.events.now,
            lambda: self.events.now,
            lambda: self.monitor,
        )
        if started:
            self.start(workers)

    def start(self, workers: int = 2) -> None:
        self.board.start(self.events)
        for number in range(1, workers + 1):
            self.open(100 + number, number)

    def open(self, process: int, number: int) -> None:
        self.got[process] = bytearray()

        def deliver(numbers: bytes) -> bool:
            if process in self.deaf:
                return False
            self.got[process] += numbers
            return True

        self.board.open(process, Kind.WORKER, number, deliver)

    def advance(self, seconds: float = 0.0) -> dict[int, bytes]:
        """Let time pass; what each worker got."""
        for each in self.got.values():
            each.clear()
        self.events.advance(seconds)
        return {process: bytes(numbers) for process, numbers in self.got.items() if numbers}


def test_a_signal_goes_where_it_was_registered_to_go() -> None:
    bench = Bench()
    bench.board.take(MASTER, Register(17, "workers"))
    bench.board.take(101, Send(b"\x11"))
    assert bench.advance() == {101: b"\x11", 102: b"\x11"}
    assert bench.log == ["[uwsgi-signal] signum 17 registered (wid: 0 modifier1: 0 target: workers)"]


def test_a_registration_after_the_fork_counts() -> None:
    bench = Bench()
    bench.board.take(102, Register(17, ""))
    bench.board.take(101, Send(b"\x11\x11"))
    assert bench.advance() == {102: b"\x11\x11"}


def test_nothing_is_delivered_before_the_loop_runs() -> None:
    bench = Bench(started=False)
    bench.board.take(MASTER, Send(b"\x05"))
    bench.board.take(MASTER, AddTimer(6, 10.0))
    bench.events.now += 100
    bench.start()
    assert bench.advance() == {101: b"\x05"}
    assert bench.advance(9.9) == {}
    assert bench.advance(0.2) != {}


def test_timers_raise_their_signal() -> None:
    bench = Bench()
    bench.board.take(MASTER, Register(1, "workers"))
    bench.board.take(MASTER, AddTimer(1, 2.0))
    assert bench.advance(1.9) == {}
    assert bench.advance(0.2) == {101: b"\1", 102: b"\1"}
    assert bench.advance(4.0) == {101: b"\1\1", 102: b"\1\1"}


def test_a_sooner_timer_that_is_added_later_comes_first() -> None:
    bench = Bench(workers=1)
    bench.board.take(MASTER, AddTimer(1, 10.0))
    bench.board.take(MASTER, AddTimer(2, 1.0, 1))
    assert bench.advance(5.0) == {101: b"\2"}
    assert bench.advance(6.0) == {101: b"\1"}


def test_every_worker_may_add_the_same_timer() -> None:
    bench = Bench()
    for worker in (101, 102):
        bench.board.take(worker, Register(1, ""))
        bench.board.take(worker, AddTimer(1, 1.0))
    assert sum(map(len, bench.advance(1.5).values())) == 1


def test_cron_raises_once_a_minute() -> None:
    bench = Bench(workers=1)
    bench.board.take(MASTER, AddCron(9, CronEntry(-1, -1, -1, -1, -1)))
    got = bench.advance(180.0)
    assert got[101] in (b"\x09" * 3, b"\x09" * 4)
    assert "[uwsgi-cron] routing signal 9" in bench.log


def test_files_raise_the_signals_of_all_who_watch_them() -> None:
    bench = Bench(workers=1, started=False)
    bench.board.take(MASTER, AddFile(1, "/a"))
    bench.board.take(MASTER, AddFile(2, "/a"))
    bench.board.take(MASTER, AddFile(3, "/missing"))
    bench.start(1)
    assert bench.monitor.paths == ["/a", "/missing"]
    assert bench.log == ["[uwsgi-fmon] no such file"]
    bench.monitor.touched.append("/a")
    bench.events.readers[99]()
    assert bench.advance() == {101: b"\1\2"}


def test_a_process_that_does_not_read_is_tried_again() -> None:
    bench = Bench(workers=1)
    bench.deaf.add(101)
    bench.board.take(MASTER, Send(b"\1\2"))
    assert bench.advance(1.0) == {}
    bench.deaf.clear()
    bench.board.take(MASTER, Send(b"\3"))
    assert bench.advance(1.0) == {101: b"\1\2\3"}


@pytest.mark.parametrize("taken", [0, 2, 5])
def test_what_a_dead_worker_had_not_begun_is_given_to_another(taken: int) -> None:
    bench = Bench(workers=2)
    bench.board.take(101, Register(1, ""))
    bench.board.take(MASTER, Send(b"\1" * 5))
    assert bench.advance() == {101: b"\1" * 5}
    bench.board.take(101, Taken(taken))
    bench.board.close(101)
    assert len(bench.advance(1.0).get(102, b"")) == 5 - taken
    assert bench.board.pending() == 5 - taken
