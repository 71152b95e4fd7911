"""Which replies are compressed, for whom, and what they say then."""

import gzip
import zlib

import pytest

from engine.apps.gzip_body import GzipBody, accepts_gzip, asks_for_gzip, gzip_fields

ASKED = ("uWSGI-Encoding", "gzip")


def test_each_part_can_be_read_at_once():
    body, reader = GzipBody(), zlib.decompressobj(wbits=31)
    assert reader.decompress(body.part(b"hello ")) == b"hello "
    assert body.part(b"") == b""
    assert reader.decompress(body.part(b"wide ")) == b"wide "
    assert reader.decompress(body.last(b"world")) == b"world"
    assert reader.eof


def test_an_empty_body_is_one_too():
    assert gzip.decompress(GzipBody().last()) == b""


@pytest.mark.parametrize(
    ("field", "accepted"),
    [
        ("gzip", True),
        ("deflate, gzip, br", True),
        ("GZIP;q=0.5", True),
        ("x-gzip", True),
        ("gzip;q=1.0;level=9", True),
        ("gzip;q=bad", True),
        ("", False),
        ("*", False),
        ("gzip;q=0", False),
        ("br, gzip ; q = 0.000", False),
        ("gzippy", False),
    ],
)
def test_who_accepts_it(field, accepted):
    assert accepts_gzip(field) is accepted


@pytest.mark.parametrize(
    ("code", "fields", "asked"),
    [
        (200, [ASKED], True),
        (404, [("uwsgi-encoding", " GZIP ")], True),
        (200, [], False),
        (200, [("uWSGI-Encoding", "br")], False),
        (200, [ASKED, ("Content-Length", "5")], False),
        (200, [ASKED, ("content-encoding", "br")], False),
        (200, [ASKED, ("Transfer-Encoding", "chunked")], False),
        (206, [ASKED, ("Content-Range", "bytes 0-1/2")], False),
        (204, [ASKED], False),
        (304, [ASKED], False),
        (101, [ASKED], False),
        (0, [ASKED], False),
    ],
)
def test_which_replies_ask_for_it(code, fields, asked):
    assert asks_for_gzip(code, fields) is asked


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ([], [("Vary", "Accept-Encoding")]),
        ([("vary", "Cookie")], [("vary", "Cookie"), ("Vary", "Accept-Encoding")]),
        ([("Vary", "Cookie, accept-encoding")], [("Vary", "Cookie, accept-encoding")]),
        ([("Vary", "*")], [("Vary", "*")]),
        ([("ETag", '"a"')], [("ETag", 'W/"a"'), ("Vary", "Accept-Encoding")]),
        ([("ETag", 'W/"a"')], [("ETag", 'W/"a"'), ("Vary", "Accept-Encoding")]),
    ],
)
def test_what_they_say(said, sent):
    fields = gzip_fields([ASKED, *said])
    assert ("Content-Encoding", "gzip") in fields
    assert [each for each in fields if each not in (ASKED, ("Content-Encoding", "gzip"))] == sent
