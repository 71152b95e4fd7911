"""Feeds wire bytes to a parser in pieces, as a server would, and merges what came out."""

from __future__ import annotations

from collections.abc import Iterable

from engine.protocols.events import BodyChunk, Event
from engine.protocols.http1 import state
from engine.protocols.http1.parser import Http1Parser
from engine.protocols.limits import DEFAULT_LIMITS, Limits


def pieces_of(wire: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Cut wire at the given offsets; offsets outside are ignored."""
    places = sorted({cut for cut in cuts if 0 < cut < len(wire)})
    return [
        wire[start:end] for start, end in zip([0, *places], [*places, len(wire)], strict=True) if start < end
    ]


def merged(events: Iterable[Event]) -> list[Event]:
    """Join neighbouring body chunks, whose boundaries carry no meaning."""
    result: list[Event] = []
    for event in events:
        if type(event) is BodyChunk and result and type(result[-1]) is BodyChunk:
            result[-1] = BodyChunk(result[-1].data + event.data)
        else:
            result.append(event)
    return result


def replay(pieces: Iterable[bytes], limits: Limits = DEFAULT_LIMITS, late: bool = False) -> list[Event]:
    """Feed pieces to a parser and answer every request; return all events, merged.

    Checks on the way that each event is one the state table allows.

    :param late: answer only when all bytes have arrived, so that pipelined ones must be kept
    """
    parser = Http1Parser(limits)
    seen: list[Event] = []
    reusable = True
    now = state.HEAD

    def take(events: list[Event]) -> None:
        nonlocal now, reusable
        for event in events:
            assert type(event) in state.NEXT[now], f"{event!r} in {state.NAMES[now]}"
            now = state.NEXT[now][type(event)]
            reusable = getattr(event, "keep_alive", reusable)
        seen.extend(events)

    def answer() -> None:
        nonlocal now
        while parser.is_done() and reusable:
            now = state.HEAD
            events = parser.next_request()
            take(events)
            if not events:
                break

    for piece in pieces:
        take(parser.receive(piece))
        if not late:
            answer()
    answer()
    return merged(seen)
