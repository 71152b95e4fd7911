"""Who gets a signal; nothing is lost and nothing doubled, whoever ends when."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from engine.signals.lines import IN_FLIGHT, Lines
from engine.signals.targets import Kind, parse_target


def lines(workers: int = 2, mules: int = 0) -> Lines:
    counts = {Kind.WORKER: workers, Kind.MULE: mules, Kind.SPOOLER: 0}
    return Lines(counts.__getitem__, {"blue": (1, 2), 1: (1, 2)}.get)


def with_workers(count: int) -> Lines:
    made = lines(count)
    for number in range(1, count + 1):
        made.open(100 + number, Kind.WORKER, number)
    return made


def sent(made: Lines) -> dict[int, bytes]:
    return dict(made.outgoing())


def test_any_worker_means_exactly_one_and_the_freest() -> None:
    made = with_workers(3)
    for _ in range(6):
        assert made.route(17, parse_target("")) is None
    assert sent(made) == {101: b"\x11\x11", 102: b"\x11\x11", 103: b"\x11\x11"}


def test_a_worker_that_is_behind_is_spared() -> None:
    made = with_workers(2)
    made.route(1, parse_target("worker1"))
    made.route(1, parse_target("worker1"))
    made.route(2, parse_target(""))
    made.route(2, parse_target(""))
    assert sent(made) == {101: b"\1\1", 102: b"\2\2"}
    made.taken(101, 2)
    made.route(3, parse_target(""))
    assert sent(made) == {101: b"\3"}


def test_workers_means_each_of_them_also_one_that_is_being_restarted() -> None:
    made = with_workers(2)
    made.close(102)
    made.route(5, parse_target("workers"))
    assert sent(made) == {101: b"\5"}
    made.open(103, Kind.WORKER, 2)
    assert sent(made) == {103: b"\5"}


def test_active_workers_means_those_that_run() -> None:
    made = with_workers(2)
    made.close(102)
    made.route(5, parse_target("active-workers"))
    assert sent(made) == {101: b"\5"}
    made.open(103, Kind.WORKER, 2)
    assert sent(made) == {}


def test_a_number_out_of_range_is_reported() -> None:
    made = with_workers(2)
    assert made.route(1, parse_target("worker9")) == "invalid signal target: worker9"
    assert made.route(1, parse_target("mule1")) == "invalid signal target: mule1"
    assert made.route(1, parse_target("x")) == "^^^ UNSUPPORTED SIGNAL TARGET: x ^^^"
    assert made.route(1, parse_target("farm_red")) == "unknown farm: red"
    assert made.route(1, parse_target("subscribed")) is None
    assert "none is configured" in (made.route(1, parse_target("spooler")) or "")
    assert sent(made) == {}


def test_mules_and_farms() -> None:
    made = lines(1, mules=3)
    for number in (1, 2, 3):
        made.open(number, Kind.MULE, number)
    made.route(1, parse_target("mules"))
    made.route(2, parse_target("mule3"))
    made.route(3, parse_target("farm_blue"))
    made.route(3, parse_target("farm1"))
    assert sent(made) == {1: b"\1\3", 2: b"\1\3", 3: b"\1\2"}


def test_signals_wait_for_the_first_worker() -> None:
    made = lines(2)
    made.route(1, parse_target(""))
    made.route(2, parse_target("worker2"))
    made.open(101, Kind.WORKER, 1)
    assert sent(made) == {101: b"\1"}
    made.open(102, Kind.WORKER, 2)
    assert sent(made) == {102: b"\2"}


def test_only_workers_that_have_the_handler_are_asked() -> None:
    made = with_workers(3)
    for _ in range(4):
        made.route(1, parse_target(""), {102})
    made.route(2, parse_target("workers"), {102, 103})
    assert sent(made) == {102: b"\1\1\1\1\2", 103: b"\2"}


def test_one_that_leaves_keeps_what_it_was_sent_and_gets_nothing_more() -> None:
    made = with_workers(2)
    made.route(1, parse_target("worker1"))
    assert sent(made) == {101: b"\1"}
    made.leave(101)
    made.route(2, parse_target("worker1"))
    made.route(3, parse_target(""))
    assert sent(made) == {102: b"\3"}
    made.taken(101, 1)
    made.close(101)
    made.open(103, Kind.WORKER, 1)
    assert sent(made) == {103: b"\2"}


def test_what_a_dead_worker_had_not_begun_goes_to_another_or_its_successor() -> None:
    made = with_workers(2)
    made.route(1, parse_target("worker1"))
    made.route(2, parse_target("worker1"))
    made.outgoing()
    made.taken(101, 1)
    made.close(101)
    assert sent(made) == {}
    made.open(103, Kind.WORKER, 1)
    assert sent(made) == {103: b"\2"}


def test_no_process_is_sent_more_than_it_can_take() -> None:
    made = with_workers(1)
    for _ in range(3 * IN_FLIGHT):
        made.route(1, parse_target(""))
    assert len(sent(made)[101]) == IN_FLIGHT
    assert sent(made) == {}
    made.taken(101, 10)
    assert len(sent(made)[101]) == 10


def test_what_could_not_be_sent_keeps_its_place() -> None:
    made = with_workers(1)
    made.route(1, parse_target(""))
    made.route(2, parse_target(""))
    assert sent(made) == {101: b"\1\2"}
    made.take_back(101, 2)
    made.route(3, parse_target(""))
    assert sent(made) == {101: b"\1\2\3"}


steps = st.lists(
    st.one_of(
        st.tuples(st.just("route"), st.sampled_from(["", "workers", "worker1", "worker2"])),
        st.tuples(st.just("send"), st.just("")),
        st.tuples(st.just("take"), st.integers(0, 4)),
        st.tuples(st.just("leave"), st.integers(0, 4)),
        st.tuples(st.just("die"), st.integers(0, 4)),
        st.tuples(st.just("open"), st.integers(1, 2)),
    ),
    max_size=60,
)


@given(steps)
def test_every_signal_is_begun_once(program: list[tuple[str, object]]) -> None:
    made = lines(2)
    running: list[int] = []
    sent_to: dict[int, list[int]] = {}
    begun: Counter[int] = Counter()
    wanted: Counter[int] = Counter()
    process, number = 0, 0
    ending = [("open", 1), ("open", 2), *[("send", ""), *[("take", n) for n in range(20)]] * 3]
    for what, how in [*program, *ending]:
        if what == "route":
            number = (number + 1) % 256
            made.route(number, parse_target(str(how)))
            wanted[number] += 2 if how == "workers" else 1
        elif what == "open":
            process += 1
            running.append(process)
            sent_to[process] = []
            made.open(process, Kind.WORKER, int(how))  # type: ignore[call-overload]
        elif what == "send":
            for to, numbers in made.outgoing():
                sent_to[to].extend(numbers)
        elif running:
            which = running[int(how) % len(running)]  # type: ignore[call-overload]
            if what == "take":
                begun.update(sent_to[which])
                made.taken(which, len(sent_to[which]))
                sent_to[which] = []
            elif what == "leave":
                made.leave(which)
            else:
                running.remove(which)
                made.close(which)
    assert begun == wanted
    assert made.pending() == 0
