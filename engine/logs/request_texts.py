"""Texts of a request by the names that CGI gives them; for log lines, long after the environ is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engine.logs.clean import clean

__all__ = ["logvar", "request_text", "variable"]

_PLAIN: Final = {"CONTENT_TYPE": b"content-type", "CONTENT_LENGTH": b"content-length"}
_FROM_HEAD: Final[dict[str, Callable[[Any], str]]] = {
    "REQUEST_METHOD": lambda exchange: str(exchange.method),
    "REQUEST_URI": lambda exchange: str(exchange.uri),
    "PATH_INFO": lambda exchange: str(exchange.head.path.decode("latin-1")),
    "QUERY_STRING": lambda exchange: str(exchange.head.query.decode("latin-1")),
    "SERVER_PROTOCOL": lambda exchange: str(exchange.protocol),
}


def variable(name: str) -> Callable[[Any], str]:
    """Return what takes variable *name* (``HTTP_HOST``, ``REMOTE_USER``) out of a request.

    Its text is clean; "-" stands for none.
    """
    read = request_text(name)
    key = name.encode()

    def text(exchange: Any) -> str:
        notes = exchange.notes
        if notes is not None and key in notes.variables:
            return clean(notes.variables[key].decode("latin-1")) or "-"
        return clean(read(exchange)) or "-"

    return text


def request_text(name: str) -> Callable[[Any], str]:
    """Return what takes variable *name* out of a request, as sent; empty if it has none."""
    field = _PLAIN.get(name)
    if field is None and name.startswith("HTTP_"):
        field = name[5:].replace("_", "-").lower().encode()
    from_head = _FROM_HEAD.get(name)

    def text(exchange: Any) -> str:
        variables = getattr(exchange.head, "variables", None)
        if variables is not None:  # the uwsgi protocol: the front end has named everything
            return str(variables.get(name, ""))
        if field is not None:
            values = [value for key, value in exchange.head.headers if key == field]
            return b", ".join(values).decode("latin-1")
        if from_head is not None:
            return from_head(exchange)
        return str(exchange.link.environ_base().get(name, ""))

    return text


def logvar(name: str) -> Callable[[Any], str]:
    """Return what takes out of a request what ``uwsgi.set_logvar`` has put there; "-" stands for none."""
    key = name.encode()

    def text(exchange: Any) -> str:
        notes = exchange.notes
        value = b"" if notes is None else notes.logvars.get(key, b"")
        return clean(value.decode("latin-1")) or "-"

    return text
