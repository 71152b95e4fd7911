"""Where a run begins: the wire corpus of the tests, and what earlier runs have found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.fuzz.cutting import encode_input
from tests.requests import INVALID, VALID
from tests.requests.uwsgi import INVALID as BAD_PACKETS
from tests.requests.uwsgi import VALID as PACKETS

__all__ = ["seeds_of", "write_seeds"]

_CORPUS: Final = Path(__file__).parent / "corpus"
_LONGEST: Final = 2000


def seeds_of(name: str) -> Path:
    """The committed inputs of a target: reached code that the wire corpus does not."""
    return _CORPUS / name


def write_seeds(name: str, directory: Path) -> None:
    """Write the wire corpus as inputs of the target ``name``."""
    for wire in _wires(name):
        for small in (False, True):
            data = encode_input(wire, small=small, eof=small)
            (directory / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def _wires(name: str) -> Iterator[bytes]:
    tables = {"http1": (VALID, INVALID), "uwsgi": (PACKETS, BAD_PACKETS)}[name]
    for table in tables:
        yield from (case[0] for case in table.values() if len(case[0]) <= _LONGEST)
