"""``python -m tests.fuzz.keep http1|uwsgi DIRECTORY``: copy to ``corpus/`` what adds to it.

An input adds something if it takes a step in the parsers, from one line to another, that
neither the wire corpus nor the inputs kept so far take.  Short ones are tried first.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.invariants import check_http1, check_uwsgi
from tests.fuzz.seeds import seeds_of, write_seeds

CHECKS = {"http1": check_http1, "uwsgi": check_uwsgi}
_PARSERS = "/engine/protocols/"
_LONGEST = 400

Step = tuple[str, int, int]


class _Steps:
    """Notes each step from line to line inside the parsers."""

    def __init__(self) -> None:
        self.seen: set[Step] = set()

    def enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        name = frame.f_code.co_filename
        if _PARSERS not in name:
            return None
        last = 0

        def trace(frame: FrameType, event: str, arg: Any) -> Any:
            nonlocal last
            if event == "line":
                self.seen.add((name, last, frame.f_lineno))
                last = frame.f_lineno
            return trace

        return trace


def steps_of(name: str, data: bytes) -> set[Step]:
    """The steps one input takes."""
    steps = _Steps()
    sys.settrace(steps.enter)
    try:
        CHECKS[name](data)
    finally:
        sys.settrace(None)
    return steps.seen


def _inputs(directory: Path) -> list[bytes]:
    found = {path.read_bytes() for path in directory.iterdir()}
    return sorted((data for data in found if len(data) <= _LONGEST), key=lambda data: (len(data), data))


def main(name: str, directory: Path) -> None:
    known: set[Step] = set()
    with tempfile.TemporaryDirectory() as made:
        write_seeds(name, Path(made))
        for source in (Path(made), seeds_of(name)):
            known.update(*(steps_of(name, data) for data in _inputs(source)))
    for data in _inputs(directory):
        new = steps_of(name, data) - known
        if new:
            known |= new
            path = seeds_of(name) / hashlib.sha1(data, usedforsecurity=False).hexdigest()[:12]
            path.write_bytes(data)
            print(f"{path.name}: {len(new)} new steps, {len(data)} bytes")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
