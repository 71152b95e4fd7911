"""The pages of the stats server: files that need no other and ask for what they show each second."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

__all__ = ["PAGE_FIELDS", "page", "wants_page"]

# What clients sent is shown on it; should that ever be taken for a program, it could not call anybody else.
PAGE_FIELDS: Final = (
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-cache\r\n"
)


@cache
def page(name: str = "page.html") -> bytes:
    """Return a page, HTML in UTF-8."""
    return files("engine.stats").joinpath(name).read_bytes()


def wants_page(head: bytes) -> bool:
    """Tell whether a browser asks: its Accept names text/html; programs that take anything get JSON."""
    for line in head.split(b"\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"accept" and b"text/html" in value.lower():
            return True
    return False
