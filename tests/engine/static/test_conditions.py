"""Conditions, ranges and codings of RFC 9110, without files."""

from __future__ import annotations

import pytest

from engine.static.conditions import Validators, evaluate, http_seconds, range_applies
from engine.static.encoding import accepts_gzip
from engine.static.ranges import UNSATISFIABLE, parse_range

MODIFIED = 784111777  # the date of RFC 9110 section 5.6.7
SAME = b"Sun, 06 Nov 1994 08:49:37 GMT"
EARLIER = b"Sun, 06 Nov 1994 08:49:36 GMT"
LATER = b"Sun, 06 Nov 1994 08:49:38 GMT"
FILE = Validators(b'"a"', MODIFIED)


@pytest.mark.parametrize(
    "date",
    [SAME, b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994"],
    ids=["imf", "850", "asctime"],
)
def test_all_three_forms_of_dates_are_read(date: bytes) -> None:
    assert http_seconds(date) == MODIFIED


@pytest.mark.parametrize("date", [b"", b"yesterday", b"\xff", b"Sun, 99 Nov 1994 08:49:37 GMT", b"1e999999"])
def test_what_is_no_date_is_ignored(date: bytes) -> None:
    assert evaluate({b"if-modified-since": date}, FILE) == 200


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 200),
        ({b"if-none-match": b'"a"'}, 304),
        ({b"if-none-match": b'W/"a"'}, 304),
        ({b"if-none-match": b'"b", "a"'}, 304),
        ({b"if-none-match": b"*"}, 304),
        ({b"if-none-match": b'"b"'}, 200),
        ({b"if-none-match": b'"b"', b"if-modified-since": LATER}, 200),  # the tag wins
        ({b"if-modified-since": SAME}, 304),
        ({b"if-modified-since": LATER}, 304),
        ({b"if-modified-since": EARLIER}, 200),
        ({b"if-match": b'"a"'}, 200),
        ({b"if-match": b"*"}, 200),
        ({b"if-match": b'W/"a"'}, 412),
        ({b"if-match": b'"b"'}, 412),
        ({b"if-match": b'"a"', b"if-unmodified-since": EARLIER}, 200),
        ({b"if-unmodified-since": SAME}, 200),
        ({b"if-unmodified-since": EARLIER}, 412),
        ({b"if-match": b'"a"', b"if-none-match": b'"a"'}, 304),
    ],
)
def test_preconditions(fields: dict[bytes, bytes], status: int) -> None:
    assert evaluate(fields, FILE) == status


@pytest.mark.parametrize(
    ("value", "applies"),
    [
        (None, True),
        (b'"a"', True),
        (b'"b"', False),
        (b'W/"a"', False),
        (SAME, True),
        (LATER, False),
        (b"?", False),
    ],
)
def test_if_range(value: bytes | None, applies: bool) -> None:
    fields = {} if value is None else {b"if-range": value}
    assert range_applies(fields, FILE, MODIFIED + 100) is applies


def test_a_date_is_no_strong_validator_of_a_file_that_just_changed() -> None:
    assert not range_applies({b"if-range": SAME}, FILE, MODIFIED + 0.5)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"bytes=0-0", (0, 1)),
        (b"bytes=2-5", (2, 4)),
        (b"Bytes = 2-5", (2, 4)),
        (b"bytes=7-", (7, 3)),
        (b"bytes=7-100", (7, 3)),
        (b"bytes=-3", (7, 3)),
        (b"bytes=-100", (0, 10)),
        (b"bytes=10-", UNSATISFIABLE),
        (b"bytes=-0", UNSATISFIABLE),
        (b"bytes=5-4", None),
        (b"bytes=0-1,3-4", None),
        (b"bytes=-", None),
        (b"bytes=a-b", None),
        (b"bytes=+1-2", None),
        (b"bytes=1", None),
        (b"bytes", None),
        (b"lines=0-1", None),
        (b"bytes=" + b"9" * 50 + b"-", None),
    ],
)
def test_ranges_of_ten_bytes(value: bytes, expected: tuple[int, int] | None) -> None:
    assert parse_range(value, 10) == expected


def test_an_empty_file_has_no_ranges() -> None:
    assert parse_range(b"bytes=-5", 0) is None
    assert parse_range(b"bytes=0-", 0) == UNSATISFIABLE


@pytest.mark.parametrize(
    ("value", "accepted"),
    [
        (b"gzip", True),
        (b"br, gzip;q=0.5", True),
        (b"GZIP ; q=1", True),
        (b"*", True),
        (b"*;q=0", False),
        (b"gzip;q=0, *", False),
        (b"gzip;q=0.000", False),
        (b"gzip;q=x", False),
        (b"br", False),
        (b"", False),
    ],
)
def test_accept_encoding(value: bytes, accepted: bool) -> None:
    assert accepts_gzip(value) is accepted
