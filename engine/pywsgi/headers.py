"""The header fields of a request as handlers know them (``self.headers``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http.client import HTTPMessage

__all__ = ["RequestHeaders"]


class RequestHeaders(HTTPMessage):
    """An :class:`http.client.HTTPMessage`: look up in any case, ``get_all`` for repeated fields.

    Names are in lower case.  Fields whose name has an underscore are left out, as in the environ.
    """

    status = ""

    def __init__(self, fields: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__()
        for name, value in fields:
            self[name.decode("latin-1")] = value.decode("latin-1")

    def getheader(self, name: str, default: str | None = None) -> str | None:
        """Return the value of a field."""
        found = self.get(name, default)
        return None if found is None else str(found)

    @property
    def headers(self) -> Iterator[str]:
        """All fields as lines with their ends."""
        return (f"{name}: {value}\r\n" for name, value in self.items())

    @property
    def typeheader(self) -> str | None:
        """Content-Type, None if the client sent none."""
        return self.getheader("content-type")
