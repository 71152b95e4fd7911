"""Where lines and heads end in received bytes.  ``scan.pyx`` is the twin in the compiled build."""

from __future__ import annotations

__all__ = ["is_one_head", "line_end"]


def line_end(data: bytes) -> int:
    """Return where the first CRLF is; -1 if there is none."""
    return data.find(b"\r\n")


def is_one_head(data: bytes) -> bool:
    """Tell whether *data* is a head and its empty line, with nothing in front or behind."""
    end = data.find(b"\r\n\r\n")
    return end > 0 and end + 4 == len(data) and data[0] != 13
