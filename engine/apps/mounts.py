"""Which application a request is for, by path (uWSGI ``--mount``, ``--manage-script-name``)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar
from urllib.parse import unquote_to_bytes

from engine.protocols.events import RequestHead, UwsgiHead

__all__ = ["MountTable"]

T = TypeVar("T")


class MountTable(Generic[T]):
    """Paths and what is mounted there; the longest path wins.

    A path counts at slashes only: ``/shop`` has ``/shop`` and ``/shop/cart`` but not ``/shopping``,
    which uWSGI gives it too.

    :param mounts: (path, what is there); the empty path takes what nothing else does
    :param by_path: look at the path although the front end says SCRIPT_NAME
    """

    def __init__(self, mounts: Iterable[tuple[str, T]], by_path: bool = False) -> None:
        self._all = dict(mounts)
        self._default = self._all.get("")
        self._prefixes = sorted(
            ((path.encode(), found) for path, found in self._all.items() if path),
            key=lambda each: -len(each[0]),
        )
        self._by_path = by_path

    def find(self, head: Any) -> T | None:
        """Return what *head*, of either protocol, is for; None if nothing is mounted there."""
        if type(head) is RequestHead:
            path: bytes = head.path
            return self._at(unquote_to_bytes(path) if b"%" in path else path)
        return self._find_uwsgi(head)

    def _find_uwsgi(self, head: UwsgiHead) -> T | None:
        said = head.variables.get("UWSGI_APPID") or head.variables.get("SCRIPT_NAME")
        if said and not self._by_path:
            # uWSGI: the front end has chosen, and what it names is compared as a whole.
            return self._all.get(said.rstrip("/"), self._default)
        return self._at(head.variables.get("PATH_INFO", "").encode("latin-1"))

    def _at(self, path: bytes) -> T | None:
        for prefix, found in self._prefixes:
            if path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in (b"", b"/"):
                return found
        return self._default

    def __repr__(self) -> str:
        return f"<MountTable {', '.join(path or '/' for path in self._all)}>"
