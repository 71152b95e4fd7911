"""Messages between master and children: whole, once, in order, never blocking."""

import os
import threading

import pytest

from engine.channels import MOST_KEPT, Lane, pair


@pytest.fixture
def ends():
    master, worker = pair()
    yield master, worker
    master.close()
    worker.close()


def test_messages_arrive_whole_and_in_order(ends):
    master, worker = ends
    sent = [(Lane.SIGNALS, bytes([number])) for number in range(256)] + [(Lane.CONTROL, b"x" * 70_000)]
    for lane, data in sent:
        assert worker.send(lane, data)
    got = []
    while len(got) < len(sent):
        worker.flush()
        got += master.receive()
    assert got == sent


def test_each_lane_has_its_handler(ends):
    master, worker = ends
    seen = []
    master.on(Lane.SIGNALS, lambda data: seen.append(("signals", data)))
    master.on(Lane.CONTROL, lambda data: seen.append(("control", data)))
    worker.send(Lane.CONTROL, b"ready")
    worker.send(Lane.MULES, b"nobody listens")
    worker.send(Lane.SIGNALS, b"\x01\x02")
    master.dispatch()
    assert seen == [("control", b"ready"), ("signals", b"\x01\x02")]


def test_send_says_no_when_the_peer_never_reads_and_loses_nothing_it_accepted(ends):
    master, worker = ends
    accepted = 0
    while worker.send(Lane.SIGNALS, accepted.to_bytes(4)):
        accepted += 1
    assert worker.wants_write
    assert accepted * 5 > MOST_KEPT // 2
    got = []
    while len(got) < accepted:
        got += [int.from_bytes(data) for _, data in master.receive()]
        worker.flush()
    assert got == list(range(accepted))
    assert worker.send(Lane.SIGNALS, b"again")


def test_the_owner_is_told_once_that_a_flush_is_needed(ends):
    _, worker = ends
    told = []
    worker.on_backlog = lambda: told.append(1)
    while not worker.wants_write:
        worker.send(Lane.SIGNALS, b"x" * 1000)
    worker.send(Lane.SIGNALS, b"x" * 1000)
    assert told == [1]


def test_a_peer_that_is_gone_is_noticed(ends):
    master, worker = ends
    worker.send(Lane.CONTROL, b"last words")
    worker.close()
    assert master.receive() == [(Lane.CONTROL, b"last words")]
    assert master.receive() == []
    assert master.closed
    assert not master.send(Lane.CONTROL, b"anyone?")


def test_threads_may_send_at_once(ends):
    master, worker = ends

    def many(number):
        for _ in range(500):
            worker.send(Lane.SIGNALS, bytes([number]) * 3)

    threads = [threading.Thread(target=many, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    got = []
    while len(got) < 2000:
        got += [data for _, data in master.receive()]
        worker.flush()
    for thread in threads:
        thread.join()
    assert all(len(data) == 3 and len(set(data)) == 1 for data in got)


def test_a_channel_goes_through_a_fork(ends):
    master, worker = ends
    pid = os.fork()
    if pid == 0:
        master.close()
        worker.send(Lane.CONTROL, b"from the child")
        os._exit(0)
    worker.close()
    os.waitpid(pid, 0)
    assert master.receive() == [(Lane.CONTROL, b"from the child")]
