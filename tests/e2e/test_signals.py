"""uwsgi signals in real servers: with and without a master, before and after the fork."""

from __future__ import annotations

import ast
import re
import signal

import psutil
import pytest

from tests.support.engine_process import ENGINE_KIND, REPOSITORY
from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.waiting import wait_until

ours = pytest.mark.engine_only("uWSGI does otherwise")
TWO = ["--master", "--processes", "2"]
ONE = ["--master"] if ENGINE_KIND == "uwsgi" else []


@pytest.fixture(params=[ONE, TWO], ids=["one process", "master and 2 workers"])
def shape(request):
    return request.param


@pytest.fixture
def start(start_engine):
    def start(*options, **env):
        engine = start_engine("--module", "signalling", *options, env=env)
        wait_until(lambda: get(engine.http, "/ready").text == "True", timeout=20, what="all workers")
        return engine

    return start


def ask(engine, path):
    return ast.literal_eval(get(engine.http, path).text)


def expect_count(engine, counts, number):
    """Wait for so many signals, and see that one more does not bring another with it."""
    wait_until(lambda: counts.exists() and counts.stat().st_size >= number, timeout=60, what="all signals")
    ask(engine, "/send/1")
    engine.wait_for_log("signal 1 in worker")
    assert counts.stat().st_size == number


def handled(engine, number):
    """Workers that said they handled a signal, each time they did."""
    return sorted(
        int(worker) for worker in re.findall(rf"^signal {number} in worker (\d)", engine.log(), re.M)
    )


def test_each_handler_runs_in_a_greenlet_of_its_own(start, shape):
    engine = start(*shape)
    ask(engine, "/send/10/10/1")
    log = engine.wait_for_log("slow 10 ends")
    assert log.count("slow 10 begins") == 2
    assert log.index("signal 1 in worker") < log.index("slow 10 ends")
    assert re.search(r"signal 1 in worker \d Greenlet", log)


@ours
def test_the_status_of_a_worker_says_what_it_handles(start, shape):
    engine = start(*shape)
    ask(engine, "/send/10")
    seen = []

    def ended() -> bool:
        seen.append(ask(engine, "/statuses"))
        return b"sig10" not in seen[-1] and "slow 10 ends" in engine.log()

    wait_until(ended, timeout=20, what="the handler to end")
    assert any(b"sig10" in statuses for statuses in seen)
    assert set(seen[-1]) == {b"idle"}


def test_targets(start, shape):
    engine = start(*shape)
    ask(engine, "/send/1/2/3/4")
    every = [1, 2] if shape is TWO else [1]
    wait_until(lambda: handled(engine, 4) == every, timeout=20, what="signal 4 everywhere")
    wait_until(lambda: handled(engine, 2) == every, timeout=20, what="signal 2 everywhere")
    wait_until(lambda: handled(engine, 3) == [1], timeout=20, what="signal 3 in worker 1")
    wait_until(lambda: len(handled(engine, 1)) == 1, timeout=20, what="signal 1 in one worker")


def test_targets_that_reach_nobody(start, shape):
    engine = start(*shape)
    ask(engine, "/send/5/6/7")
    engine.wait_for_log("invalid signal target: worker9")
    engine.wait_for_log("^^^ UNSUPPORTED SIGNAL TARGET: nobody at all ^^^")
    ask(engine, "/send/1")
    engine.wait_for_log("signal 1 in worker")
    assert handled(engine, 5) == handled(engine, 6) == handled(engine, 7) == []


def test_a_handler_that_fails_is_reported(start, shape):
    engine = start(*shape)
    ask(engine, "/send/11")
    log = engine.wait_for_log("error managing signal 11 on worker")
    assert "LookupError" in log
    ask(engine, "/send/99")
    engine.wait_for_log("error managing signal 99 on worker")


def test_a_handler_is_not_a_request(start, shape):
    engine = start(*shape)
    ask(engine, "/send/12")
    engine.wait_for_log("handler: you can call uwsgi api function only from the main callable")


@ours
def test_numbers_are_checked(start, shape):
    engine = start(*shape)
    assert ask(engine, "/questions") == [True, None, -1, ["ValueError"] * 5]


@ours
def test_a_registration_after_the_fork_counts(start):
    engine = start(*TWO)
    registered = set()

    def both() -> bool:
        registered.add(ask(engine, "/late"))
        return registered == {1, 2}

    wait_until(both, timeout=30, what="both workers to register")
    ask(engine, "/send/30")
    wait_until(lambda: handled(engine, 30) == [2], timeout=20, what="signal 30 in worker 2 alone")
    ask(engine, "/send/31")
    wait_until(lambda: handled(engine, 31) == [1, 2], timeout=20, what="signal 31 in both workers")


@ours
def test_signal_wait_parks_one_greenlet_only(start, shape):
    engine = start(*shape)
    with HttpConnection(engine.http) as waiting:
        waiting.send(request_bytes("GET", "/wait/2"))
        engine.wait_for_log("waiting")
        ask(engine, "/send/2")
        assert ast.literal_eval(waiting.reader.read().text)[0] == 2


@pytest.mark.slow
def test_timers(start, shape):
    engine = start(*shape, TIMERS="1")
    every = (1, 2) if shape is TWO else (1,)

    def three_periods() -> bool:
        workers = handled(engine, 20)  # a worker that was ready sooner has more of them
        return all(workers.count(worker) >= 3 for worker in every)

    wait_until(three_periods, timeout=30, what="three periods in each worker")
    wait_until(lambda: len(handled(engine, 21)) == 2, timeout=30, what="two iterations")
    ask(engine, "/send/1")
    engine.wait_for_log("signal 1 in worker")
    assert len(handled(engine, 21)) == 2


@ours
@pytest.mark.slow
def test_workers_that_load_the_application_themselves_share_their_timers(start):
    engine = start(*TWO, "--lazy-apps", TIMERS="1")
    wait_until(lambda: len(handled(engine, 21)) >= 2, timeout=30, what="two iterations")
    seen = len(handled(engine, 20))
    wait_until(lambda: len(handled(engine, 20)) >= seen + 4, timeout=30, what="more periods")
    assert len(handled(engine, 21)) == 2


@pytest.mark.slow
def test_cron(start, shape):
    engine = start(*shape, CRON="1")
    engine.wait_for_log("[uwsgi-cron] routing signal 22", timeout=75)
    engine.wait_for_log("signal 22 in worker")


def test_file_monitor(start, shape, tmp_path):
    engine = start(*shape, WATCHED=str(tmp_path))
    (tmp_path / "new").touch()
    engine.wait_for_log("signal 23 in worker")


@ours
@pytest.mark.slow
def test_nothing_is_lost_or_doubled_in_a_flood(start, shape, tmp_path):
    counts = tmp_path / "counts"
    engine = start(*shape, COUNTS=str(counts))
    for _ in range(3):
        ask(engine, "/flood/14/4000")
    expect_count(engine, counts, 12000)


@ours
@pytest.mark.slow
def test_nothing_is_lost_or_doubled_when_a_worker_is_replaced(start, tmp_path):
    counts = tmp_path / "counts"
    engine = start(*TWO, COUNTS=str(counts))
    for number in range(6):
        ask(engine, "/flood/14/1000")
        if number in (1, 3):
            worker = psutil.Process(engine.pid).children()[number % 2]
            worker.send_signal(signal.SIGHUP)
            wait_until(lambda worker=worker: not worker.is_running(), timeout=20, what="its end")
    expect_count(engine, counts, 6000)


@ours
@pytest.mark.slow
def test_nothing_is_lost_or_doubled_over_a_reload(start, tmp_path):
    counts = tmp_path / "counts"
    engine = start(*TWO, COUNTS=str(counts))
    for number in range(6):
        ask(engine, "/flood/14/1000")
        if number in (1, 3):
            before = engine.log().count("(RE)spawned uWSGI master")
            engine.signal(signal.SIGHUP)
            ask(engine, "/flood/14/500")
            wait_until(
                lambda before=before: engine.log().count("(RE)spawned uWSGI master") > before,
                timeout=30,
                what="the next image",
            )
    expect_count(engine, counts, 7000)


@ours
@pytest.mark.slow
@pytest.mark.parametrize("number", [14, 15], ids=["one worker", "all workers"])
def test_nothing_is_lost_or_doubled_at_10_000_a_second_over_a_reload(start, shape, tmp_path, number):
    counts = tmp_path / "counts"
    engine = start(*shape, COUNTS=str(counts))
    with HttpConnection(engine.http, timeout=30) as connection:
        connection.send_request("GET", f"/steady/{number}/2")
        wait_until(lambda: counts.exists(), timeout=20, what="the first signal")
        engine.signal(signal.SIGHUP)
        assert connection.reader.read().text == "'done'"
    sent = int(re.search(rf"sent (\d+) of {number}", engine.wait_for_log(f"of {number}\n"))[1])
    assert sent > 5000
    engine.wait_for_log("(RE)spawned uWSGI" if shape is TWO else "binary reloading uWSGI", timeout=30)
    wanted = sent * (2 if shape is TWO and number == 15 else 1)
    wait_until(lambda: counts.stat().st_size >= wanted, timeout=30, what=f"{wanted} signals")
    wait_until(lambda: get(engine.http, "/ready").text == "True", timeout=20, what="all workers")
    ask(engine, "/send/1")
    engine.wait_for_log("signal 1 in worker")
    assert counts.stat().st_size == wanted


@ours
@pytest.mark.slow
def test_what_raises_signals_may_be_added_after_the_fork(start, shape, tmp_path):
    engine = start(*shape, WATCHED=str(tmp_path))
    asked, everybody = set(), {1, 2} if shape is TWO else {1}

    def all_of_them() -> bool:
        asked.add(ask(engine, "/late_sources"))
        return asked == everybody

    wait_until(all_of_them, timeout=30, what="all workers to add them")

    def touched() -> bool:
        (tmp_path / "late").touch()
        return bool(handled(engine, 44))

    wait_until(touched, timeout=30, what="the change to be noticed")
    for number, least in ((41, 10), (40, 2), (42, 2), (43, 1)):
        wait_until(
            lambda n=number, m=least: len(handled(engine, n)) >= m, timeout=30, what=f"signal {number}"
        )
    seen = len(handled(engine, 40))
    wait_until(lambda: len(handled(engine, 40)) > seen + 1, timeout=30, what="two more periods")
    assert len(handled(engine, 42)) == 2
    assert {worker for number in range(40, 45) for worker in handled(engine, number)} == {1}


@pytest.mark.slow
def test_the_example(start_engine, shape, tmp_path):
    directory = str(REPOSITORY / "examples")
    engine = start_engine(
        "--chdir", directory, "--module", "ugevent", *shape, env={"UGEVENT_WATCHED": str(tmp_path)}
    )
    with HttpConnection(engine.http, timeout=30) as connection:
        connection.send_request("GET", "/")
        body = connection.reader.read().text
    assert body.startswith("sleeping for 3 seconds...<br/>\ndone<br/>\n")
    assert body.count("ip = ") == 4
    (tmp_path / "new").touch()
    engine.wait_for_log(f"{tmp_path} has been modified, signal 1")
    engine.wait_for_log("10 seconds elapsed, signal 0", timeout=40)
    engine.wait_for_log("i am the handler of signal 17", timeout=40)


@pytest.mark.slow
def test_options_raise_signals(start, shape, tmp_path):
    options = ["--timer=1 1"] if ENGINE_KIND == "uwsgi" else ["--timer=1 1", f"--fs-signal={tmp_path} 3"]
    engine = start(*options, *shape)
    wait_until(lambda: len(handled(engine, 1)) >= 2, timeout=30, what="two periods")
    if ENGINE_KIND != "uwsgi":
        (tmp_path / "new").touch()
        wait_until(lambda: set(handled(engine, 3)) == {1}, timeout=30, what="signal 3 in worker 1")
