"""Text that a client wrote, made fit for a line of the log.

Escapes are those of JSON, so that a ``--log-format`` written as JSON stays JSON.  uWSGI writes what
it was sent: a line feed in a header there makes a line of its own.
"""

from __future__ import annotations

import json

__all__ = ["clean", "escape"]


def clean(text: str) -> str:
    """Return *text* such that it ends neither the line nor a quoted field.

    :param text: bytes as sent, decoded latin-1
    """
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return escape(text)


def escape(text: str) -> str:
    """The long way of :func:`clean`: readable as UTF-8 where it is, control characters escaped."""
    if not text.isascii():
        try:
            text = text.encode("latin-1").decode()
        except UnicodeError:
            pass  # something else; shown byte by byte
    return "".join(c if c.isprintable() and c not in '"\\' else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]
