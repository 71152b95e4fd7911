"""What the stats document shows besides workers and cores, and one application for each mount."""

from __future__ import annotations

import ast
import os
import signal

import pytest

from tests.e2e.conftest import APPS
from tests.support.http_client import get
from tests.support.stats import stats
from tests.support.waiting import wait_until

ORDER = """
    version listen_queue listen_queue_errors signal_queue load pid uid gid cwd daemons locks caches metrics
    sockets workers spoolers crons
    """
APP_KEYS = ["id", "modifier1", "mountpoint", "startup_time", "requests", "exceptions", "chdir"]


def serves(address):
    try:
        return stats(address)["workers"][0]["pid"]
    except ConnectionRefusedError:
        return False


@pytest.fixture
def start(start_engine, address):
    def start(*options):
        where = f"{address[0]}:{address[1]}"
        engine = start_engine("--gevent", "3", "--single-interpreter", "--master", "--stats", where, *options)
        wait_until(lambda: serves(address), timeout=20, what="the statistics")
        return engine

    return start


@pytest.fixture
def everything(start, tmp_path):
    (tmp_path / "spool").mkdir()
    return start(
        *("--module", "figured", "--attach-daemon", "sleep 60", "--enable-metrics", "--queue", "5"),
        *("--cron", "-1 -1 -1 -1 -1 true", "--cron2", "minute=-5,unique=1 echo five", "--locks", "2"),
        *("--cache2", "name=first,items=10,blocksize=128", "--cache2", "name=second,items=20"),
        *("--spooler", str(tmp_path / "spool"), "--spooler-frequency", "1"),
    )


def test_everything_has_uwsgis_names_and_order(everything, address):
    document = stats(address)
    assert list(document) == ORDER.split()
    assert list(document["daemons"][0]) == ["cmd", "pid", "respawns"]
    assert " ".join(document["caches"][0]) == (
        "name hash hashsize keysize max_items blocks blocksize items hits miss full last_modified_at"
    )
    assert list(document["spoolers"][0]) == ["dir", "pid", "tasks", "respawns", "running"]
    assert " ".join(document["crons"][0]) == (
        "minute hour day month week command unique legion pid started_at"
    )
    locks = [name for lock in document["locks"] for name in lock]
    users = ["user 0", "user 1", "user 2"]
    wanted = "signal filemon timer rbtimer cron rpc snmp queue cache_first cache_second metrics"
    assert [name for name in locks if not name.startswith("spooler")] == [*users, *wanted.split()]


@pytest.mark.engine_only("uWSGI takes its time")
def test_a_daemon_is_counted_when_it_is_started_again(everything, address):
    daemon = stats(address)["daemons"][0]
    assert daemon["cmd"] == "sleep 60"
    assert daemon["respawns"] == 0
    os.kill(daemon["pid"], signal.SIGKILL)

    def another():
        found = stats(address)["daemons"][0]
        return found["respawns"] == 1 and found["pid"] not in (0, -1, daemon["pid"])

    wait_until(another, timeout=20, what="another process")


def test_caches_and_crons_tell_what_they_are(everything, address):
    get(everything.http, "/cache")
    first, second = stats(address)["caches"]
    assert {"name": "first", "max_items": 10, "blocksize": 128, "items": 1}.items() <= first.items()
    assert first["hits"] >= 1
    assert first["miss"] >= 1
    assert {"name": "second", "max_items": 20, "items": 0, "hits": 0}.items() <= second.items()
    every, five = stats(address)["crons"]
    assert [every[key] for key in ("minute", "hour", "day", "month", "week")] == [-1] * 5
    assert {"command": "true", "unique": 0, "legion": ""}.items() <= every.items()
    assert {"minute": -5, "command": "echo five", "unique": 1}.items() <= five.items()


def test_a_spooler_counts_its_tasks(everything, address, tmp_path):
    assert stats(address)["spoolers"][0]["dir"] == str(tmp_path / "spool")
    get(everything.http, "/spool")
    wait_until(lambda: stats(address)["spoolers"][0]["tasks"] >= 1, timeout=20, what="the task")
    spooler = stats(address)["spoolers"][0]
    assert {"respawns": 0, "running": 0}.items() <= spooler.items()
    assert spooler["pid"] > 0


@pytest.mark.parametrize("options", [[], ["--lazy-apps"]], ids=["preloaded", "lazy"])
def test_each_mount_is_an_application_with_its_own_counts(start, address, options):
    engine = start(
        *(
            "--mount",
            "/one=figured.py",
            "--mount",
            f"/two={APPS / 'figured.py'}",
            "--manage-script-name",
            "--catch-exceptions",
        ),
        *options,
    )
    for path in ("/one/a", "/one/fail", "/two/b", "/one/c"):
        get(engine.http, path)

    def apps():
        return stats(address)["workers"][0]["apps"]

    wait_until(lambda: sum(app["requests"] for app in apps()) == 4, timeout=10, what="the counts")
    one, two = apps()
    assert list(one) == APP_KEYS
    assert [one["id"], one["mountpoint"], one["requests"], one["exceptions"]] == [0, "/one", 3, 1]
    assert [two["id"], two["mountpoint"], two["requests"], two["exceptions"]] == [1, "/two", 1, 0]
    shown = ast.literal_eval(get(engine.http, "/two/workers").text)[0]["apps"]
    assert [(app["id"], app["mountpoint"]) for app in shown] == [(0, b"/one"), (1, b"/two")]
    assert shown[0]["requests"] == 3
    assert set(shown[0]) == {*APP_KEYS, "interpreter", "callable"}


def test_files_are_counted_apart_from_requests_of_the_application(start, address):
    engine = start("--module", "figured", "--static-map", f"/files={APPS}")
    for path in ("/a", "/files/routes.py", "/files/order.py", "/b", "/c"):
        get(engine.http, path)
    wait_until(lambda: stats(address)["workers"][0]["requests"] >= 5, timeout=10, what="the counts")
    worker = stats(address)["workers"][0]
    assert sum(core["static_requests"] for core in worker["cores"]) == 2
    assert sum(core["requests"] for core in worker["cores"]) == worker["requests"]
    assert [app["requests"] for app in worker["apps"]] == [3]
