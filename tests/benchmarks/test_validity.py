"""Figures count only if every request was answered as it should be."""

from __future__ import annotations

import json
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.http import report
from benchmarks.http.measure import Row, Timing, rows_for
from benchmarks.http.peers import OURS, PEERS
from benchmarks.http.workloads import WORKLOADS
from benchmarks.http.wrk import Figures, Load, _figures, run_wrk


def printed(**changes: float) -> str:
    found = {
        "requests": 100,
        "seconds": 2.0,
        "p50_ms": 1.0,
        "p99_ms": 2.0,
        "bytes": 10_000,
        "errors": 0,
        "read_errors": 0,
        "statuses": 0,
    }
    return "Running ...\nFIGURES " + json.dumps({**found, **changes}) + "\n"


def test_a_run_of_right_answers_counts() -> None:
    figures = _figures(printed(), Load(1, reply=100))
    assert figures == Figures(50.0, 1.0, 2.0, 0, 0, 0, requests=100)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"errors": 3}, "3 socket errors"),
        ({"statuses": 2}, "2 answers with status 400 or more"),
        ({"read_errors": 1}, "1 answers cut short"),
        ({"bytes": 9_999}, "answers of less than 100 bytes"),
        ({"requests": 0}, "no request was answered"),
    ],
)
def test_anything_else_makes_a_run_invalid(changes: dict[str, float], problem: str) -> None:
    assert _figures(printed(**changes), Load(1, reply=100)).problem == problem


def test_ends_of_connections_tell_nothing_where_they_end_answers() -> None:
    assert not _figures(printed(read_errors=100), Load(1, reply=100, ends_at_close=True)).problem


def results(*problems: str) -> dict[str, object]:
    workload = WORKLOADS["hello"]
    peer = PEERS[0]
    rows = [Row("first", peer), Row("second", peer, beside="first")]
    runs = [Figures(100.0, 1.0, 2.0, 0, 0, 0, problem) for problem in problems]
    return report.document(workload, Timing(), rows, {"first": runs, "second": runs[:1] * 2}, {})


def test_one_invalid_run_makes_the_row_invalid() -> None:
    text = report.table(results("", "3 socket errors"))
    assert "| first | " in text
    assert "invalid: 3 socket errors" in text
    assert "times as fast" not in text  # nothing to compare with
    assert text.count("| 100 |") == 1


def test_cpu_time_is_shown_where_it_is_known() -> None:
    workload = WORKLOADS["hello"]
    rows = [Row("first", PEERS[0]), Row("second", PEERS[0], beside="first")]
    runs = [Figures(100.0, 1.0, 2.0, 0, 0, 0, cpu_us=each) for each in (10.0, 12.34, 1_000.0)]
    found = {"first": runs, "second": [Figures(100.0, 1.0, 2.0, 0, 0, 0)]}
    text = report.table(report.document(workload, Timing(), rows, found, {}))
    assert "| 1.00 | 2.00 | 12.3 |" in text
    assert "| 1.00 | 2.00 |  |" in text


def test_the_cost_of_the_log_is_that_of_the_same_server() -> None:
    workload = WORKLOADS["log"]
    rows, _ = rows_for(workload, [OURS])
    assert [(row.log, row.beside) for row in rows] == [(False, None), (True, f"{OURS}, log off")]
    rates = {rows[0].name: 1000.0, rows[1].name: 930.0}
    found = {name: [Figures(rate, 1.0, 2.0, 0, 0, 0)] for name, rate in rates.items()}
    assert "| 7.0% |" in report.table(report.document(workload, Timing(), rows, found, {}))


def test_servers_are_left_out_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.http.peers.version", _nothing_installed)
    rows, skipped = rows_for(WORKLOADS["hello"])
    assert [row.name for row in rows] == [OURS]
    assert skipped["uwsgi --gevent"] == "uwsgi is not installed (pip install '.[bench]')"


def _nothing_installed(package: str) -> str:
    from importlib.metadata import PackageNotFoundError

    raise PackageNotFoundError(package)


class Failing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_wrk_counts_what_fails() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        figures = run_wrk(f"http://127.0.0.1:{server.server_port}/", Load(2), seconds=1, prefix=[])
        server.shutdown()
        thread.join()
    assert figures.statuses > 0
    assert 0 < figures.p50_ms <= figures.p99_ms
    assert "status 400 or more" in figures.problem
