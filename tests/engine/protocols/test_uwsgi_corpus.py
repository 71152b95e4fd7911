"""The uwsgi packets of the corpus: whole, byte by byte, and cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.protocols.events import BadRequest, BodyChunk, BodyEnd, PeerClosed, UwsgiHead
from engine.protocols.limits import Limits
from engine.protocols.uwsgi.protocol import UwsgiParser
from tests.requests.replay import merged, pieces_of
from tests.requests.uwsgi import INVALID, VALID, packet

WIRES = {
    name: (case[0], case[2] if name in INVALID else Limits()) for name, case in (VALID | INVALID).items()
}


def run(pieces, limits=None):
    parser = UwsgiParser(limits or Limits())
    return merged(event for piece in pieces for event in parser.receive(piece))


def bytewise(wire):
    return pieces_of(wire, range(len(wire)))


@pytest.mark.parametrize("cut", [lambda wire: [wire], bytewise], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", VALID)
def test_valid_packet_gives_the_expected_request(name, cut):
    wire, facts, body = VALID[name]
    head, *chunks, end = run(cut(wire))
    assert {key: getattr(head, key) for key in facts} == facts
    assert chunks == ([BodyChunk(body)] if body else [])
    assert end == BodyEnd()


@pytest.mark.parametrize("cut", [lambda wire: [wire], bytewise], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", INVALID)
def test_invalid_packet_is_refused_without_more_bytes_and_nothing_follows(name, cut):
    wire, status, limits = INVALID[name]
    parser = UwsgiParser(limits)
    (refusal,) = [event for piece in cut(wire) for event in parser.receive(piece)]
    assert type(refusal) is BadRequest
    assert (refusal.status, bool(refusal.detail)) == (status, True)
    assert parser.receive(packet(b"A", b"b")) == []
    assert parser.receive(b"") == []
    assert parser.kept_bytes() == 0


@pytest.mark.parametrize("name", VALID)
def test_valid_packet_cut_short_gives_no_refusal_and_an_honest_eof(name):
    wire, _, _ = VALID[name]
    for end in range(len(wire)):
        events = run([wire[:end], b""] if end else [b""])
        assert type(events[-1]) is PeerClosed
        assert not [event for event in events if type(event) is BadRequest]
        ended = any(type(event) is BodyEnd for event in events)
        assert events[-1].clean == (ended or not end)


@pytest.mark.parametrize("name", WIRES)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_any_cut_of_each_packet_gives_the_same_events(name, data):
    wire, limits = WIRES[name]
    cuts = data.draw(st.lists(st.integers(1, max(1, len(wire) - 1)), max_size=8))
    assert run(pieces_of(wire, cuts), limits) == run([wire], limits)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_cut_of_any_mutated_packet_gives_the_same_events(data):
    wire, limits = data.draw(st.sampled_from(list(WIRES.values())))
    edits = st.tuples(st.integers(0, len(wire)), st.integers(0, 2), st.binary(max_size=3))
    for place, removed, added in data.draw(st.lists(edits, max_size=3)):
        wire = wire[:place] + added + wire[place + removed :]
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=12))
    eof = data.draw(st.sampled_from([[], [b""]]))
    assert run(pieces_of(wire, cuts) + eof, limits) == run(([wire] if wire else []) + eof, limits)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_packet_holds_at_most_its_block(data):
    wire, limits = data.draw(st.sampled_from(list(WIRES.values())))
    parser = UwsgiParser(limits)
    for piece in [*pieces_of(wire, data.draw(st.lists(st.integers(0, len(wire)), max_size=5))), bytes(500)]:
        parser.receive(piece)
        assert parser.kept_bytes() <= limits.header_bytes + 4 + len(piece)


def test_every_head_of_a_packet_answers_what_the_server_asks():
    for wire, limits in WIRES.values():
        for event in run([wire], limits):
            if type(event) is UwsgiHead:
                assert isinstance(event.method, str)
                assert isinstance(event.target + event.path + event.query, bytes)
                assert isinstance(event.headers, list)
