"""The wire corpus: every case whole, byte by byte, and cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.protocols.events import BadRequest, BodyChunk, BodyEnd, PeerClosed, RequestHead
from engine.protocols.limits import Limits
from tests.requests import INVALID, VALID
from tests.requests.replay import pieces_of, replay


def bytewise(wire: bytes) -> list[bytes]:
    return pieces_of(wire, range(len(wire)))


def requests_in(events: list) -> list[dict]:
    found: list[dict] = []
    for event in events:
        if type(event) is RequestHead:
            found.append({"head": event, "body": b"", "trailers": None})
        elif type(event) is BodyChunk:
            found[-1]["body"] += event.data
        elif type(event) is BodyEnd:
            found[-1]["trailers"] = event.trailers
        else:
            raise AssertionError(event)
    return found


@pytest.mark.parametrize("late", [False, True], ids=["answered-at-once", "answered-late"])
@pytest.mark.parametrize("cut", [lambda wire: [wire], bytewise], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", VALID)
def test_valid_case_gives_the_expected_requests(name, cut, late):
    wire, expected = VALID[name]
    found = requests_in(replay(cut(wire), late=late))
    assert len(found) == len(expected)
    for request, wanted in zip(found, expected, strict=True):
        facts = {
            key: request[key] if key in ("body", "trailers") else getattr(request["head"], key)
            for key in wanted
        }
        assert facts == wanted
        assert request["body"] == wanted.get("body", b"")
        assert request["trailers"] == wanted.get("trailers", ())


@pytest.mark.parametrize("cut", [lambda wire: [wire], bytewise], ids=["whole", "bytewise"])
@pytest.mark.parametrize("name", INVALID)
def test_invalid_case_is_refused_with_its_status_without_more_bytes(name, cut):
    wire, status, limits = INVALID[name]
    last = replay(cut(wire), limits)[-1]
    assert type(last) is BadRequest
    assert (last.status, bool(last.detail)) == (status, True)
    assert "\n" not in last.detail


@pytest.mark.parametrize("name", INVALID)
def test_a_refused_request_has_the_same_detail_however_it_is_cut(name):
    wire, _, limits = INVALID[name]
    assert replay([wire], limits) == replay(bytewise(wire), limits)


@pytest.mark.parametrize("name", INVALID)
def test_a_refused_request_behind_a_good_one_is_refused_the_same_way(name):
    wire, _, limits = INVALID[name]
    good = b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n"
    events = replay([good + wire], limits, late=True)
    assert events[0].path == b"/good"
    assert events[2:] == replay([wire], limits)


@pytest.mark.parametrize("name", VALID)
def test_valid_case_cut_short_gives_no_refusal_and_an_honest_eof(name):
    wire, _ = VALID[name]
    for end in range(len(wire)):
        events = replay([wire[:end], b""], late=True)
        assert not [event for event in events if type(event) is BadRequest]
        # DONE with pipelined bytes tells the EOF after them; replay answers, so it is always told.
        assert type(events[-1]) is PeerClosed


ALL_WIRES = [wire for wire, _ in VALID.values()] + [
    wire for wire, _, _ in INVALID.values() if len(wire) < 1000
]
LIMITS = st.sampled_from(
    [
        Limits(),
        Limits(request_line=40, header_count=4, header_bytes=60, body=12, chunk_line=8, trailer_bytes=16),
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_cut_of_any_mutated_wire_gives_the_same_events(data):
    wire = b"".join(data.draw(st.lists(st.sampled_from(ALL_WIRES), min_size=1, max_size=3)))
    edits = data.draw(
        st.lists(
            st.tuples(st.integers(0, len(wire)), st.integers(0, 2), st.sampled_from([b"", *CONFUSING])),
            max_size=3,
        )
    )
    for place, removed, added in edits:
        wire = wire[:place] + added + wire[place + removed :]
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=12))
    limits = data.draw(LIMITS)
    eof = data.draw(st.sampled_from([[], [b""]]))
    pieces = pieces_of(wire, cuts) + eof
    whole = ([wire] if wire else []) + eof
    assert replay(pieces, limits) == replay(whole, limits)
    assert replay(pieces, limits, late=True) == replay(whole, limits)


CONFUSING = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b",",
    b"0",
    b"A",
    b"_",
    b"\xff",
    b"#",
    b"?",
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([*ALL_WIRES, *CONFUSING])), max_size=6), LIMITS
)
def test_random_bytes_never_crash_and_follow_the_state_table(pieces, limits):
    replay(pieces, limits)
    replay(pieces, limits, late=True)


@pytest.mark.parametrize("name", INVALID)
def test_nothing_after_a_refused_request_is_taken_for_one(name):
    wire, _, limits = INVALID[name]
    after = b"GET /after HTTP/1.1\r\nHost: a\r\n\r\n"
    events = replay([wire + after * 3], limits)
    assert not [event for event in events if type(event) is RequestHead and event.path == b"/after"]
    assert type(events[-1]) is BadRequest


@pytest.mark.parametrize("name", [*VALID, *INVALID])
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_any_cut_of_each_case_gives_the_same_events(name, data):
    wire, limits = (VALID[name][0], Limits()) if name in VALID else (INVALID[name][0], INVALID[name][2])
    cuts = data.draw(st.lists(st.integers(1, max(1, len(wire) - 1)), max_size=8))
    assert replay(pieces_of(wire, cuts), limits) == replay([wire], limits)


def test_the_two_tables_share_no_name():
    assert not VALID.keys() & INVALID.keys()


@pytest.mark.parametrize("method", ["HEAD", "GET", "POST"])
def test_only_the_refusal_of_a_head_request_goes_without_its_page(method):
    for wire in [b"%b / HTTP/1.1\r\n\r\n", b"%b / HTTP/1.1\r\nHost: a\r\nA\n", b"%b /" + b"a" * 9000]:
        (refusal,) = replay([wire % method.encode()])
        assert refusal.head_only == (method == "HEAD")
