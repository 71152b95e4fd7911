"""Where lines and heads end in received bytes, and what a path holds.

``scan.pyx`` is its twin in the compiled build.
"""

from __future__ import annotations

__all__ = ["has_escape", "is_one_head", "line_end", "rest_of"]


def line_end(data: bytes) -> int:
    """Return where the first CRLF is; -1 if there is none."""
    return data.find(b"\r\n")


def is_one_head(data: bytes) -> bool:
    """Tell whether *data* is a head and its empty line, with nothing in front or behind."""
    end = data.find(b"\r\n\r\n")
    return end > 0 and end + 4 == len(data) and data[0] != 13


def has_escape(path: bytes) -> bool:
    """Tell whether *path* has percent-encoded bytes (RFC 3986 section 2.1), or looks as if."""
    return path.find(b"%") >= 0


def rest_of(data: bytes, start: int) -> bytes:
    """Return the bytes from *start*, which is inside *data*."""
    return data[start:]
