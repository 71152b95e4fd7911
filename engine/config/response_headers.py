"""Header fields that every reply gets or loses (uWSGI ``--add-header``, ``--del-header``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import ConfigError

__all__ = ["ResponseHeaders", "response_headers"]


@dataclass(frozen=True, slots=True)
class ResponseHeaders:
    """False if nothing is changed.

    :param added: names and values, in the order written
    :param removed: names in lower case, of what applications send
    """

    added: tuple[tuple[str, str], ...] = ()
    removed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    def of(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return what is sent where an application says *headers*."""
        kept = [each for each in headers if str(each[0]).lower() not in self.removed]
        return [*kept, *self.added]


def response_headers(added: Sequence[str], removed: Sequence[str]) -> ResponseHeaders:
    """Read the values of the options.

    :raises ConfigError: if a text is no header field (RFC 9110, section 5)
    """
    return ResponseHeaders(
        tuple(_field(text) for text in added),
        frozenset(name.strip().lower() for name in removed),
    )


def _field(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not name or any(c in name for c in " \t") or not (name + value).isprintable():
        raise ConfigError(f"--add-header {text}: write NAME: VALUE")
    return name, value
