"""Conditional requests (RFC 9110 section 13); no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ["Validators", "evaluate", "http_seconds", "range_applies"]

_STRONG_AFTER: Final = 1  # second; Last-Modified cannot tell two changes within one (section 8.8.2.2)


class Validators:
    """What tells one version of a file from another.

    :param etag: strong, with its quotes
    :param modified: seconds since 1970, whole ones as in Last-Modified
    """

    __slots__ = ("etag", "modified")

    def __init__(self, etag: bytes, modified: int) -> None:
        self.etag = etag
        self.modified = modified


def http_seconds(value: bytes) -> int | None:
    """Parse an HTTP-date in any of its three forms (section 5.6.7); None if it is none."""
    try:
        parsed = parsedate_to_datetime(value.decode("ascii"))
    except (ValueError, OverflowError):
        return None
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


def evaluate(fields: Mapping[bytes, bytes], file: Validators) -> int:
    """Return 200 to go on, 304 or 412 (section 13.2.2, for GET and HEAD)."""
    if_match = fields.get(b"if-match")
    if if_match is not None:
        if not _lists(if_match, file.etag, weak=False):
            return 412
    else:
        unmodified = http_seconds(fields.get(b"if-unmodified-since", b""))
        if unmodified is not None and file.modified > unmodified:
            return 412
    none_match = fields.get(b"if-none-match")
    if none_match is not None:
        return 304 if _lists(none_match, file.etag, weak=True) else 200
    since = http_seconds(fields.get(b"if-modified-since", b""))
    return 304 if since is not None and file.modified <= since else 200


def _lists(value: bytes, etag: bytes, weak: bool) -> bool:
    """Whether *etag* is in a list of tags; weak comparison ignores ``W/`` (section 8.8.3.2)."""
    if value.strip() == b"*":
        return True
    # Our tags hold no comma, so a split in the middle of a foreign one cannot make them equal.
    tags = (tag.strip(b" \t") for tag in value.split(b","))
    return any(tag == etag or (weak and tag == b"W/" + etag) for tag in tags)


def range_applies(fields: Mapping[bytes, bytes], file: Validators, now: float) -> bool:
    """Whether If-Range lets a Range be answered (section 13.1.5)."""
    value = fields.get(b"if-range")
    if value is None:
        return True
    if b'"' in value:
        return value.strip(b" \t") == file.etag
    return http_seconds(value) == file.modified and now - file.modified > _STRONG_AFTER
