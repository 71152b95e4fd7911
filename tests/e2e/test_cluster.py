"""Servers that share caches, locks, signals and tasks through a real Redis."""

from __future__ import annotations

import ast
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psutil
import pytest

from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.redis import redis_server_path, running_redis
from tests.support.waiting import wait_until

pytest.importorskip("redis", reason="the client library: pip install redis")
pytestmark = [
    pytest.mark.engine_only("--shared is not uWSGI's"),
    pytest.mark.slow,
    pytest.mark.skipif(redis_server_path() is None, reason="no redis-server"),
]


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    with running_redis(tmp_path_factory.mktemp("redis")) as (host, port):
        yield f"redis://{host}:{port}/0"


@pytest.fixture
def start(start_engine, redis, tmp_path):
    """Start servers that share with those of the same test only."""
    work = tmp_path / "work"
    work.mkdir()

    def start(server, *options, url=redis, lease=2, **env):
        shared = ["--shared", url, "--shared-name", tmp_path.name, "--shared-lease", str(lease)]
        environment = {"SERVER": server, "WORK": str(work), **env}
        engine = start_engine("--module", "cluster", *shared, *options, env=environment)
        wait_until(lambda: get(engine.http, "/ready").text == "True", timeout=20, what="all workers")
        engine.wait_for_log("linked to the servers of")
        return engine

    start.work = work
    return start


def ask(engine, path):
    return ast.literal_eval(get(engine.http, path).text)


def size(path):
    return path.stat().st_size if path.exists() else 0


MASTER = ["--master", "--processes", "2"]
shapes = pytest.mark.parametrize("shape", [[], MASTER], ids=["one process", "master and 2 workers"])
CACHE = ["--cache2", "name=pages,items=100,blocksize=4096"]


@shapes
def test_a_shared_cache_answers_as_one_in_memory(start, start_engine, shape):
    shared = start("a", *shape, *CACHE)
    alone = start_engine("--module", "cluster", *shape, *CACHE)
    assert ask(shared, "/whole_cache") == ask(alone, "/whole_cache")


def test_servers_see_one_cache_and_greenlets_run_meanwhile(start):
    one, two = start("one", *CACHE, AT_IMPORT="1"), start("two", *MASTER, *CACHE)
    assert ask(two, "/look/imported") == b"one"
    assert ask(one, "/put/key/value/1") is True
    assert ask(two, "/look/key") == b"value"
    wait_until(lambda: ask(two, "/look/key") is None, timeout=10, what="the key to expire")
    with ExitStack() as stack:
        connections = [stack.enter_context(HttpConnection(each.http)) for each in (one, two)]
        for connection in connections:
            connection.send(request_bytes("GET", "/count/200"))
        assert [connection.reader.read().text for connection in connections] == ["True", "True"]
    assert int.from_bytes(ask(one, "/look/counter"), "little") == 400


@shapes
def test_a_shared_queue_answers_as_one_in_memory(start, start_engine, shape):
    shared = start("a", *shape, "--queue", "5")
    alone = start_engine("--module", "cluster", *shape, "--queue", "5")
    wait_until(lambda: get(alone.http, "/ready").text == "True", timeout=20, what="all workers")
    for seed in range(3):
        assert ask(shared, f"/whole_queue/{seed}") == ask(alone, f"/whole_queue/{seed}")


def test_each_message_of_a_queue_is_taken_by_one_server(start):
    one, two = start("one", "--queue", "500"), start("two", *MASTER, "--queue", "500")
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(ask, (one, two), ("/fill/100", "/fill/100"))) == [True, True]
        taken = list(pool.map(ask, (one, two), ("/empty", "/empty")))
    everything = [*taken[0], *taken[1]]
    assert sorted(everything) == sorted(f"{name}{number}" for name in ("one", "two") for number in range(100))
    for name in ("one", "two"):
        for found in taken:
            mine = [int(each.removeprefix(name)) for each in found if each.startswith(name)]
            assert mine == sorted(mine)


@shapes
@pytest.mark.parametrize("patch", ["--gevent-monkey-patch", "--gevent-early-monkey-patch"])
def test_patched_programs_share_too(start, shape, patch):
    one = start("one", *shape, *CACHE, *SPOOL[1:], patch, AT_IMPORT="1")
    assert ask(one, "/look/imported") == b"one"
    assert ask(one, "/count/50") is True
    assert int.from_bytes(ask(one, "/look/counter"), "little") == 50
    ask(one, "/hold/0")
    ask(one, "/signals/2/1")
    ask(one, "/spool/patched")
    one.wait_for_log("signal 2 in one")
    wait_until(lambda: (start.work / "task-patched").exists(), timeout=20, what="the task")


def test_a_lock_keeps_all_servers_out(start):
    (start.work / "number").write_text("0")
    servers = [start("one"), start("two", *MASTER)]
    with ExitStack() as stack:
        connections = [stack.enter_context(HttpConnection(each.http, timeout=40)) for each in servers * 3]
        for connection in connections:
            connection.send(request_bytes("GET", "/locked/10"))
        assert {connection.reader.read().text for connection in connections} == {"'done'"}
    assert (start.work / "number").read_text() == "60"


def test_a_lock_lasts_longer_than_a_lease_and_ends_with_its_holder(start):
    one, two = start("one", *MASTER), start("two", *MASTER)
    with HttpConnection(one.http) as holding, HttpConnection(two.http, timeout=30) as waiting:
        holding.send(request_bytes("GET", "/hold/60/busy"))
        log = one.wait_for_log("one has the lock, fence ")
        first = int(re.search(r"fence (\d+)", log)[1])
        waiting.send(request_bytes("GET", "/hold/0"))
        # The holder's own loop is blocked; its server renews the lease all the same.
        wait_until(lambda: ask(two, "/ready"), timeout=20, what="an answer")
        with pytest.raises(TimeoutError):
            wait_until(lambda: "two has the lock" in two.log(), timeout=3.5, what="nothing")
        assert ask(two, "/is_locked") is True
        os.kill(int(re.search(r"fence \d+ pid (\d+)", log)[1]), signal.SIGKILL)
        log = two.wait_for_log("two gives it back", timeout=25)
        assert int(re.search(r"two has the lock, fence (\d+)", log)[1]) > first


def test_a_lock_of_a_server_that_vanishes_is_free_after_the_lease(start):
    one, two = start("one", *MASTER), start("two")
    with HttpConnection(one.http) as holding:
        holding.send(request_bytes("GET", "/hold/60"))
        one.wait_for_log("one has the lock")
        for process in one.processes():
            process.kill()
        ask(two, "/hold/0")
        two.wait_for_log("two gives it back")


@shapes
def test_each_target_is_reached_once_in_all_servers(start, shape):
    servers = [start("one", *shape), start("two", *shape), start("three", *shape)]
    workers = [1, 2] if shape else [1]
    for number in (1, 2, 3):
        ask(servers[0], f"/signals/{number}/1")

    def handled(number):
        return sorted(
            found
            for each in servers
            for found in re.findall(rf"^signal {number} in (\w+ worker \d)", each.log(), re.M)
        )

    everybody = sorted(f"{name} worker {worker}" for name in ("one", "two", "three") for worker in workers)
    first = sorted(f"{name} worker 1" for name in ("one", "two", "three"))
    wait_until(lambda: handled(2) == everybody, timeout=20, what="signal 2 everywhere")
    wait_until(lambda: handled(3) == first, timeout=20, what="signal 3 in each first worker")
    wait_until(lambda: len(handled(1)) == 1, timeout=20, what="signal 1 in one worker")
    ask(servers[1], "/signals/4/3000")
    ask(servers[2], "/signals/5/300")
    wait_until(lambda: size(start.work / "one") >= 3000, timeout=30, what="3,000 signals")
    total = 300 * 3 * len(workers)
    wait_until(lambda: size(start.work / "all") >= total, timeout=30, what=f"{total} signals")
    ask(servers[0], "/signals/2/1")
    wait_until(lambda: len(handled(2)) == 2 * len(everybody), timeout=20, what="signal 2 again")
    assert (size(start.work / "one"), size(start.work / "all")) == (3000, total)
    assert len(handled(1)) == 1


def test_targets_beside_workers(start):
    options = [*MASTER, *SPOOL[1:], "--mules", "2", "--farm", "f:1,2"]
    servers = [start(name, *options) for name in ("one", "two")]
    for number in (7, 8, 9):
        ask(servers[0], f"/signals/{number}/10")
    wanted = {"spooler": 10, "mules": 40, "farm": 10}
    wait_until(
        lambda: all(size(start.work / name) >= times for name, times in wanted.items()),
        timeout=20,
        what="all handlers",
    )
    ask(servers[1], "/signals/1/1")
    wait_until(lambda: any("signal 1 in" in each.log() for each in servers), timeout=20, what="the last one")
    assert {name: size(start.work / name) for name in wanted} == wanted


@shapes
def test_no_signal_is_lost_or_doubled_over_a_reload(start, shape):
    one, two = start("one", *shape), start("two", *shape)
    for _ in range(2):
        ask(one, "/signals/4/500")
        ask(two, "/signals/4/500")
        ask(two, "/signals/5/100")
        word = "(RE)spawned uWSGI master" if shape else "binary reloading uWSGI"
        before = one.log().count(word)
        one.signal(signal.SIGHUP)
        ask(two, "/signals/4/500")
        ask(two, "/signals/5/100")
        wait_until(lambda b=before, w=word: one.log().count(w) > b, timeout=30, what="the next image")
        ask(one, "/signals/4/500")
    wait_until(lambda: size(start.work / "one") >= 4000, timeout=30, what="4,000 signals")
    wanted = 400 * (4 if shape else 2)
    wait_until(lambda: size(start.work / "all") >= wanted, timeout=30, what=f"{wanted} signals")
    ask(two, "/signals/1/1")
    wait_until(lambda: "signal 1 in" in one.log() + two.log(), timeout=20, what="the last one")
    assert (size(start.work / "one"), size(start.work / "all")) == (4000, wanted)


def test_a_link_that_is_killed_loses_and_doubles_nothing(start):
    # Longer than a new link needs to start on a busy machine: else others take what was left.
    one, two = start("one", *MASTER, lease=10), start("two", *MASTER, lease=10)
    for _ in range(3):
        pid = int(re.findall(r"spawned uWSGI link .* \(pid: (\d+)\)", one.log())[-1])
        ask(two, "/signals/4/400")
        ask(one, "/signals/4/400")
        wait_until(lambda: size(start.work / "one") > 0, timeout=20, what="a signal")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda p=pid: _link_after(one, p), timeout=20, what="its successor")
    wait_until(lambda: size(start.work / "one") >= 2400, timeout=30, what="the signals")
    ask(two, "/signals/1/1")
    wait_until(lambda: "signal 1 in" in one.log() + two.log(), timeout=20, what="the last one")
    assert size(start.work / "one") == 2400


def _link_after(engine, pid):
    _, found, rest = engine.log().partition(f"(pid: {pid}) is no more")
    return found and "spawned uWSGI link" in rest


def test_a_timer_of_several_servers_fires_once_a_period(start):
    servers = [start(name, TIMER="1") for name in ("one", "two", "three")]
    began, first = time.monotonic(), size(start.work / "timer")
    wait_until(lambda: size(start.work / "timer") >= first + 10, timeout=20, what="ten periods")
    # A change of who raises it may make a period shorter, by a quarter at most.
    assert time.monotonic() - began > 0.75 * 9 * 0.4, servers


SPOOL = ["--master", "--spooler", "tasks"]


def test_tasks_are_run_once_by_whichever_server(start):
    servers = [start(name, *SPOOL, "--spooler-processes", "2", SLOW="0.02") for name in ("one", "two")]
    for number in range(40):
        ask(servers[number % 2], f"/spool/n{number}")
    wait_until(lambda: len(list(start.work.glob("task-*"))) == 40, timeout=30, what="all tasks")
    wait_until(lambda: ask(servers[0], "/jobs") == [], timeout=20, what="them to be forgotten")
    assert {size(path) for path in start.work.glob("task-*")} == {1}
    assert all(" begins in " in each.log() for each in servers)


def test_a_task_can_wait_and_be_tried_again(start):
    one = start("one", *SPOOL)
    assert b"uwsgi_spoolfile_on_" in ask(one, "/spool_at/later/5/2")
    assert ask(one, "/jobs") == [b"later"]
    ask(one, "/spool/now")
    wait_until(lambda: (start.work / "task-now").exists(), timeout=20, what="the task for now")
    assert not (start.work / "task-later").exists()
    wait_until(lambda: (start.work / "task-later").exists(), timeout=20, what="the task for later")
    ask(one, "/retry")
    wait_until(lambda: size(start.work / "tries") == 2, timeout=20, what="two tries")
    wait_until(lambda: ask(one, "/jobs") == [], timeout=20, what="it to be forgotten")


@pytest.mark.parametrize("whole", [False, True], ids=["spooler", "server"])
def test_a_task_survives_its_spooler_and_its_server(start, whole):
    one = start("one", *SPOOL, SLOW="60")
    ask(one, "/spool/survivor")
    log = one.wait_for_log("task survivor begins in one")
    two = start("two", *SPOOL)
    for process in one.processes() if whole else [psutil.Process(_pid_of("survivor", log))]:
        process.kill()
    wait_until(lambda: (start.work / "task-survivor").exists() or _again(one), timeout=20, what="another try")
    if whole:
        two.wait_for_log("task survivor begins in two")
        wait_until(lambda: ask(two, "/jobs") == [], timeout=20, what="it to be forgotten")


def _pid_of(name, log):
    return int(re.search(rf"task {name} begins in \w+ (\d+)", log)[1])


def _again(engine):
    return engine.log().count("task survivor begins") == 2


def test_a_long_task_is_not_taken_from_a_spooler_that_lives(start):
    servers = [start(name, *SPOOL, SLOW="5") for name in ("one", "two")]
    ask(servers[0], "/spool/long")
    wait_until(lambda: (start.work / "task-long").exists(), timeout=30, what="the task to end")
    assert size(start.work / "task-long") == 1
    assert sum(each.log().count("task long begins") for each in servers) == 1


@shapes
def test_redis_may_go_away_and_come_back(start, tmp_path, shape):
    with running_redis(tmp_path) as (host, port):
        url = f"redis://{host}:{port}/0"
        one = start("one", *shape, *CACHE, url=url)
        assert ask(one, "/put/key/value") is True
    assert get(one.http, "/look/key").status == 500
    one.wait_for_log("ConnectionError")
    one.wait_for_log("(--shared) does not answer")
    ask(one, "/signals/4/10")
    assert get(one.http, "/who").status == 200
    with running_redis(tmp_path, port):
        one.wait_for_log("answers again")
        wait_until(lambda: size(start.work / "one") == 10, timeout=20, what="the signals that waited")
        assert ask(one, "/look/key") is None


def test_a_unix_socket(start, tmp_path):
    with running_redis(tmp_path):
        one = start("one", *MASTER, *CACHE, url=f"unix://{tmp_path}/redis.sock?db=2", AT_IMPORT="1")
        assert ask(one, "/look/imported") == b"one"
        ask(one, "/signals/2/1")
        wait_until(lambda: one.log().count("signal 2 in one") == 2, timeout=20, what="both workers")


def test_the_master_keeps_out_of_it(start, redis):
    one = start("one", *MASTER, *CACHE, AT_IMPORT="1")
    assert ask(one, "/look/imported") == b"one"
    port = int(redis.rpartition(":")[2].split("/")[0])

    def connections(process):
        return [each for each in process.net_connections("tcp") if each.raddr and each.raddr.port == port]

    master = psutil.Process(one.pid)
    assert connections(master) == []
    assert any(connections(child) for child in master.children())


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--shared", "localhost"], "write redis://HOST:PORT/DB"),
        (["--shared", "redis://127.0.0.1", "--shared-lease", "0"], "--shared-lease 0"),
        (["--shared", "redis://127.0.0.1", "--sharedarea", "1"], "memory of one machine"),
    ],
)
def test_options_that_make_no_sense_end_the_start(options, text):
    from tests.support.engine_process import run_engine

    done = run_engine("--gevent", "2", "--http-socket", "127.0.0.1:0", "--module", "hello", *options)
    assert done.returncode != 0
    assert text in done.stdout + done.stderr
