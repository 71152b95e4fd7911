"""uWSGI's metrics subsystem in real servers: calls, the stats document, Prometheus, statsd, files."""

from __future__ import annotations

import os
import re
import signal
import socket
from functools import partial

import psutil
import pytest

from tests.support.engine_process import run_engine
from tests.support.http_client import get
from tests.support.ports import free_port
from tests.support.stats import read_all, stats
from tests.support.waiting import wait_until

ours = pytest.mark.engine_only("uWSGI does otherwise")
OPTIONS = (
    "--metric=orders",
    "--metric=name=level,type=gauge,initial_value=5,oid=9.1",
    "--metric=name=both,collector=sum,children=orders;level",
    "--metric=name=again,type=alias,alias=orders",
)


@pytest.fixture
def start(start_answering, address):
    options = ["--module", "counted", "--gevent", "3", "-p", "2", "--stats", f"{address[0]}:{address[1]}"]
    return partial(start_answering, *options)


def metrics(address):
    return stats(address)["metrics"]


def value(address, name):
    return metrics(address)[name]["value"]


def ask(engine, path):
    return get(engine.http, path).text


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/inc/orders", "True 1"),
        ("/inc/orders/5", "True 6"),
        ("/dec/orders/2", "True 4"),
        ("/mul/orders/-3", "True -12"),
        ("/div/orders/5", "True -2"),
        ("/div/orders/0", "None -2"),
        ("/set_max/orders/9", "True 9"),
        ("/set_min/orders/7", "True 7"),
        ("/get/again", "None 7"),
        ("/set/again/1", "None 7"),
        ("/set/both/1", "None 5"),
        ("/set/worker.1.requests/1000", "None 0"),
    ],
    ids=lambda text: text,
)
def test_calls_answer_as_in_uwsgi(start_engine, path, answer):
    before = {"/inc/orders/5": 1, "/dec/orders/2": 6, "/mul/orders/-3": 4, "/div/orders/5": -12}
    before |= {"/div/orders/0": -2, "/set_max/orders/9": -2, "/set_min/orders/7": 9}
    before |= dict.fromkeys(("/get/again", "/set/again/1"), 7)
    # worker 2: nobody has asked it before; read-only metrics are not changed.
    engine = start_engine("--module", "counted", "--gevent", "3", "--master", *OPTIONS)
    if path in before:
        ask(engine, f"/set/orders/{before[path]}")
    if path.endswith("1000"):
        assert ask(engine, path).startswith("None ")
        assert ask(engine, "/get/worker.1.requests") != "None 1000"
    else:
        assert ask(engine, path) == answer


def test_the_document_shows_them_with_type_oid_and_value(start, address):
    engine = start("--enable-metrics", *OPTIONS)
    for _ in range(4):
        ask(engine, "/inc/orders/3")
    wait_until(lambda: value(address, "both") == 17, timeout=10, what="the sum")
    shown = metrics(address)
    assert shown["orders"] == {"type": 0, "oid": "", "value": 12}
    assert shown["level"] == {"type": 1, "oid": "9.1", "value": 5}
    assert shown["again"]["type"] == 3
    assert shown["again"]["value"] == 12
    assert list(shown)[:6] == [
        "core.routed_signals",
        "core.unrouted_signals",
        "core.busy_workers",
        "core.idle_workers",
        "core.overloaded",
        "worker.0.requests",
    ]
    assert shown["worker.1.respawns"] == {"type": 0, "oid": "3.1.14", "value": 1}
    wait_until(lambda: value(address, "worker.0.requests") >= 5, timeout=10, what="the requests")
    shown = metrics(address)
    each = [shown[f"worker.{number}.requests"]["value"] for number in (1, 2)]
    cores = [
        shown[f"worker.{number}.core.{core}.requests"]["value"] for number in (1, 2) for core in range(3)
    ]
    assert sum(each) == sum(cores) == shown["worker.0.requests"]["value"]
    assert shown["core.total_tx"]["value"] == sum(
        shown[f"worker.{number}.total_tx"]["value"] for number in (1, 2)
    )
    assert shown["socket.0.listen_queue"] == {"type": 1, "oid": "7.0.1", "value": 0}
    assert {"metrics": 0} in stats(address)["locks"]


@ours
def test_failures_and_memory_are_counted(start, address):
    engine = start("--enable-metrics")
    get(engine.http, "/fail")
    wait_until(lambda: value(address, "worker.0.failed_requests") == 1, timeout=10, what="the failure")
    shown = metrics(address)
    assert shown["rss_size"]["value"] == shown["core.total_rss"]["value"] > 1 << 20
    ask(engine, "/inc/undeclared")
    assert value(address, "undeclared") == 1


def test_workers_read_the_metrics_of_others(start, address):
    engine = start("--enable-metrics")
    for _ in range(6):
        ask(engine, "/")
    wait_until(lambda: value(address, "worker.0.requests") >= 7, timeout=10, what="the requests")
    requests = [int(ask(engine, "/get/worker.0.requests").split()[1]) for _ in range(4)]
    assert min(requests) >= 6


def test_without_cores_and_without_the_subsystem(start, address):
    start("--enable-metrics", "--metrics-no-cores")
    assert not [name for name in metrics(address) if re.match(r"worker\.1\.core\.", name)]


def test_the_document_can_do_without(start, address):
    start("--enable-metrics", "--stats-no-metrics")
    assert "metrics" not in stats(address)


def test_without_options_there_are_none(start, address):
    start()
    assert "metrics" not in stats(address)


@pytest.mark.engine_only("uWSGI writes only what it has collected")
def test_files_hold_the_values(start_engine, tmp_path):
    (tmp_path / "orders").write_text("4000\n")
    options = ("--module", "counted", "--metrics-dir", str(tmp_path), "--metric=orders")
    engine = start_engine(*options, "--metric=name=words,collector=file,arg1=/proc/loadavg,arg1n=4")
    ask(engine, "/inc/orders/2")

    def first_line(name):
        path = tmp_path / name
        return path.read_text().split("\n")[0] if path.exists() else ""

    wait_until(lambda: first_line("orders") == "2", timeout=10, what="the file")
    wait_until(lambda: int(first_line("words") or 0) > 0, timeout=10, what="the collected value")
    assert "worker.1.requests" in {path.name for path in tmp_path.iterdir()}


@ours
def test_values_go_on_from_the_files(start_engine, tmp_path):
    (tmp_path / "orders").write_text("40\n")
    (tmp_path / "worker.1.requests").write_text("1000\n")
    engine = start_engine(
        "--module", "counted", "--metrics-dir", str(tmp_path), "--metrics-dir-restore", "--metric=orders"
    )
    assert ask(engine, "/inc/orders/2") == "True 42"
    wait_until(
        lambda: (tmp_path / "worker.1.requests").read_text() == "1001\n",
        timeout=10,
        what="the restored counter",
    )


@ours
def test_values_survive_a_reload(start, address):
    engine = start(*OPTIONS)
    ask(engine, "/inc/orders/7")
    ask(engine, "/set/level/8")
    engine.signal(signal.SIGHUP)
    engine.wait_for_log("(RE)spawned", timeout=30)
    wait_until(lambda: ask(engine, "/get/orders") == "None 7", timeout=20, what="the value")
    assert ask(engine, "/get/level") == "None 8"


@ours
def test_counters_go_on_over_reloads_and_dead_workers(start_engine, address, tmp_path):
    (tmp_path / "worker.1.requests").write_text("1000\n")
    (tmp_path / "worker.1.failed_requests").write_text("50\n")
    engine = start_engine(
        *("--module", "counted", "--metrics-dir", str(tmp_path), "--metrics-dir-restore"),
        *("--stats", f"{address[0]}:{address[1]}"),
    )
    get(engine.http, "/fail")

    def counts():
        shown = metrics(address)
        names = ("requests", "failed_requests", "core.19.requests")
        return [shown[f"worker.1.{name}"]["value"] for name in names]

    wait_until(lambda: counts() == [1001, 51, 1], timeout=10, what="the first failure")

    def worker():
        return stats(address)["workers"][0]["pid"]

    os.kill(worker(), signal.SIGKILL)
    engine.wait_for_log("Respawned uWSGI worker 1")
    wait_until(lambda: fails(engine), timeout=20, what="the next process")
    wait_until(lambda: counts() == [1002, 52, 2], timeout=10, what="the second failure")

    def written(name):
        return int((tmp_path / f"worker.1.{name}").read_text())

    wait_until(
        lambda: [written("requests"), written("failed_requests")] == [1002, 52], timeout=10, what="files"
    )
    before = worker()
    engine.signal(signal.SIGHUP)
    engine.wait_for_log("(RE)spawned", timeout=30)
    wait_until(lambda: not psutil.pid_exists(before) and worker(), timeout=30, what="the new image's worker")
    wait_until(lambda: fails(engine), timeout=20, what="an answer of it")
    wait_until(lambda: counts()[:2] == [1003, 53], timeout=10, what="the third failure")


def fails(engine):
    try:
        return get(engine.http, "/fail").status == 500
    except OSError:
        return False


@ours
def test_prometheus_shows_those_of_the_application(start, address):
    engine = start("--stats-http", *OPTIONS, "--metric=shop.orders-late")
    ask(engine, "/inc/orders/7")
    page = read_all(address, b"GET /metrics HTTP/1.0\r\n\r\n").decode()
    assert 'gevent_engine_metric_orders{name="orders"} 7' in page
    assert "# TYPE gevent_engine_metric_orders counter" in page
    assert "# TYPE gevent_engine_metric_level gauge" in page
    assert 'gevent_engine_metric_shop_orders_late{name="shop.orders-late"} 0' in page
    assert page.count("# TYPE gevent_engine_metric_orders ") == 1


@ours
def test_statsd_gets_those_of_the_application(start_engine):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        port = server.getsockname()[1]
        engine = start_engine(
            *("--module", "counted", "--stats-push", f"statsd:127.0.0.1:{port},shop"),
            *("--stats-pusher-default-freq", "1", *OPTIONS),
        )
        ask(engine, "/inc/orders/7")
        seen = b""
        while b"shop.orders:7|c" not in seen:
            seen += server.recv(65536)
        assert b"shop.level:5|g" in seen


def test_a_log_line_can_show_a_metric(start_engine):
    engine = start_engine(
        "--module", "counted", "--master", "--metric=orders", "--log-format", "saw %(metric.orders) orders"
    )
    ask(engine, "/inc/orders/3")
    engine.wait_for_log("saw 3 orders", timeout=10)


@ours
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--metric=name=a b"], "a name of letters"),
        (["--metric=name=a,tipe=gauge"], "there is no 'tipe'; there are"),
        (["--metric=name=a,type=big"], "type is one of"),
        (["--metric=name=a,collector=func"], "collector is one of file"),
        (["--metric=name=a,collector=sum"], "say what of"),
        (["--metric=name=a,collector=file"], "say which file"),
        (["--metric=name=a,type=alias"], "go together"),
        (["--metric=a", "--metric=a"], "two of this name"),
        (["--metric=name=a,initial_value=x"], "initial_value is a whole number"),
        (["--metrics-dir-restore"], "say which directory"),
        (["--metric-threshold=key=a,value=5"], "watch the log and --stats"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_refused(options, said):
    ended = run_engine("--http-socket", ":0", "--module", "counted", "--check-config", *options)
    assert ended.returncode != 0
    assert said in ended.stdout + ended.stderr


@ours
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--metric=name=a,collector=sum,children=b"], "there is no metric 'b'"),
        (
            ["--metric=name=a,type=alias,alias=b", "--metric=name=b,type=alias,alias=a"],
            "another name of itself",
        ),
        (["--metrics-dir=/nowhere/at/all"], "make it first"),
    ],
)
def test_what_cannot_be_found_ends_the_start(options, said, apps):
    if "nowhere" not in options[0]:
        checked = run_engine("--http-socket", ":0", "--module", "counted", "--check-config", *options)
        assert checked.returncode != 0
        assert said in checked.stdout + checked.stderr
    ended = run_engine("--http-socket", f":{free_port()}", "--module", "counted", *options, cwd=apps)
    assert ended.returncode != 0
    assert said in ended.stdout + ended.stderr
