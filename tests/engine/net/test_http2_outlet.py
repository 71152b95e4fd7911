"""The write side of a stream, with a connection that is made up."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.errors import ClientDisconnected, WriteTimeout
from engine.net.http2_outlet import StreamOutlet


class Frames:
    max_outbound_frame_size = 100

    def __init__(self):
        self.window = 0
        self.own = 0
        self.sent = []

    def local_flow_control_window(self, number):
        return min(self.window, self.own)

    def stream_window(self, number):
        return self.own

    def send_data(self, number, data, end_stream=False):
        self.window -= len(data)
        self.own -= len(data)
        self.sent.append((data, end_stream))


class Parking:
    """Time passes: what happens meanwhile is in ``events``."""

    def __init__(self, events):
        self.events = events

    def park(self, timeout):
        return self.events.pop(0)()

    def unpark(self):
        pass


@pytest.fixture
def carrier():
    carrier = SimpleNamespace(
        frames=Frames(),
        outlet=SimpleNamespace(is_full=lambda: False),
        thrift=SimpleNamespace(useful=0),
        waiting={},
        flush=lambda: None,
        events=[],
    )
    carrier.front = SimpleNamespace(socket_timeout=1.0, new_parking=lambda: Parking(carrier.events))
    return carrier


def test_a_stream_that_waits_for_its_turn_is_not_given_up(carrier):
    frames, outlet = carrier.frames, StreamOutlet(carrier, 1)
    frames.own = 1000

    def others_came_first():
        carrier.thrift.useful += 1
        return False

    def room():
        frames.window = 1000
        return True

    carrier.events += [others_came_first, others_came_first, room]
    outlet.write(memoryview(bytes(150)), last=True)
    assert [(len(data), end) for data, end in frames.sent] == [(100, False), (50, True)]
    assert not carrier.waiting


def test_a_stream_whose_own_window_stays_closed_is_given_up_whatever_the_others_do(carrier):
    outlet = StreamOutlet(carrier, 1)
    carrier.frames.window = 1000

    def others_go_on():
        carrier.thrift.useful += 1
        return False

    carrier.events += [others_go_on]
    with pytest.raises(WriteTimeout, match="for 1 seconds"):
        outlet.write(memoryview(b"x"))
    assert not carrier.waiting


def test_nothing_happens_on_the_connection(carrier):
    outlet = StreamOutlet(carrier, 1)
    carrier.frames.own = 1000
    carrier.events += [lambda: False]
    with pytest.raises(WriteTimeout):
        outlet.write(memoryview(b"x"))


def test_the_client_leaves_meanwhile(carrier):
    outlet = StreamOutlet(carrier, 1)

    def leaves():
        outlet.leave()
        return True

    carrier.events += [leaves]
    with pytest.raises(ClientDisconnected):
        outlet.write(memoryview(b"x"))
    with pytest.raises(ClientDisconnected):
        outlet.write(memoryview(b"x"))


def test_a_task_is_told_when_its_bytes_are_gone(carrier):
    rung = []
    outlet = StreamOutlet(carrier, 1)
    outlet.tell(SimpleNamespace(unpark=lambda: rung.append(len(carrier.frames.sent))))
    carrier.frames.own = carrier.frames.window = 30
    outlet.write(memoryview(bytes(50)))
    assert outlet.is_full()
    carrier.frames.own = carrier.frames.window = 10
    outlet.rouse()
    assert not rung
    carrier.frames.own = carrier.frames.window = 100
    outlet.rouse()
    assert rung
    assert not outlet.is_full()
