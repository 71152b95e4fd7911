"""Figures as statsd metrics."""

from __future__ import annotations

import pytest

from engine.config.pushers import StatsdAddress, parse_push
from engine.errors import ConfigError
from engine.stats.scoreboard import Column, WorkerState
from engine.stats.statsd import StatsdFormat


def lines(format_: StatsdFormat, workers, queue: int = 0) -> dict[str, str]:
    packets = format_.datagrams(workers, queue)
    assert all(len(packet) <= 1400 for packet in packets)
    return dict(line.split(":") for packet in packets for line in packet.decode().splitlines())


def row(requests: int, **more: int) -> dict[int, int]:
    return {
        Column.REQUESTS: requests,
        Column.STATE: WorkerState.READY,
        **{Column[k.upper()]: v for k, v in more.items()},
    }


def test_counters_are_differences_and_gauges_are_not() -> None:
    format_ = StatsdFormat("shop")
    first = lines(format_, {1: row(10, busy_cores=3)}, 7)
    assert first["shop.worker.1.requests"] == "10|c"
    assert first["shop.worker.1.busy_cores"] == "3|g"
    assert first["shop.core.listen_queue"] == "7|g"
    second = lines(format_, {1: row(15, busy_cores=3)})
    assert second["shop.worker.1.requests"] == "5|c"
    assert second["shop.worker.1.busy_cores"] == "3|g"


def test_a_worker_that_was_replaced_counts_from_zero() -> None:
    format_ = StatsdFormat("")
    lines(format_, {1: row(10)})
    assert lines(format_, {1: row(4)})["worker.1.requests"] == "4|c"


def test_worker_0_is_all_of_them_and_many_fit_into_several_datagrams() -> None:
    workers = {number: row(number) for number in range(1, 41)}
    sent = lines(StatsdFormat("a"), workers)
    assert sent["a.worker.0.requests"] == f"{sum(range(41))}|c"
    assert sent["a.core.ready_workers"] == "40|g"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("statsd:127.0.0.1:8125", StatsdAddress("127.0.0.1", 8125)),
        ("statsd:stats.local:8125,shop.web", StatsdAddress("stats.local", 8125, "shop.web")),
        ("statsd:[::1]:8125", StatsdAddress("::1", 8125)),
        ("statsd:x:1,shop,env:live,zone:a", StatsdAddress("x", 1, "shop", ("env:live", "zone:a"))),
        ("statsd:x:1,env:live", StatsdAddress("x", 1, "uwsgi", ("env:live",))),
    ],
)
def test_addresses(text: str, address: StatsdAddress) -> None:
    assert parse_push(text) == address


@pytest.mark.parametrize(
    "text", ["carbon:x:1", "statsd:x", "statsd::1", "statsd:x:y", "statsd:x:1,a,b", "statsd:x:1,a,b:c|d"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="statsd:HOST:PORT"):
        parse_push(text)


def test_tags_stand_behind_every_value() -> None:
    (packet,) = StatsdFormat("shop", ("env:live", "zone:a")).datagrams({}, 3)
    assert b"shop.core.listen_queue:3|g|#env:live,zone:a\n" in packet
    assert all(line.endswith(b"|#env:live,zone:a") for line in packet.splitlines())


def test_replies_by_status() -> None:
    sent = lines(StatsdFormat(""), {1: row(3, replies_2xx=2, replies_5xx=1)})
    assert sent["worker.0.replies_2xx"] == "2|c"
    assert sent["worker.1.replies_5xx"] == "1|c"
