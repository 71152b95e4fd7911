"""Header fields of every reply (uWSGI ``--add-header``, ``--del-header``, ``--collect-header``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.errors import ConfigError, ReplyError

__all__ = ["Keep", "ResponseHeaders", "response_headers"]

Keep = Callable[[str, str], None]
"""Takes a request variable and its value."""

_AROUND = 4  # bytes of a line besides name and value: colon, space, CR LF


@dataclass(frozen=True, slots=True)
class ResponseHeaders:
    """False if replies go out as applications say.

    :param added: names and values, in the order written
    :param removed: names in lower case, of what applications send
    :param collected: name in lower case, and the request variable that gets the value
    :param limit: most bytes of all fields together; 0 means any
    """

    added: tuple[tuple[str, str], ...] = ()
    removed: frozenset[str] = frozenset()
    collected: tuple[tuple[str, str], ...] = ()
    limit: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.collected or self.limit)

    def of(self, headers: list[tuple[str, str]], keep: Keep) -> list[tuple[str, str]]:
        """Return what is sent where an application says *headers*; *keep* gets what is collected of them.

        :raises ReplyError: if that is more than the limit
        """
        self.collect(headers, keep)
        kept = [each for each in headers if str(each[0]).lower() not in self.removed]
        sent = [*kept, *self.added]
        self.check(sent)
        return sent

    def collect(self, headers: Iterable[tuple[str, str]], keep: Keep) -> None:
        """Tell *keep* the variables, of what the application says, also of what is removed."""
        if self.collected:
            for name, value in headers:
                lower = name.lower()
                for wanted, variable in self.collected:
                    if lower == wanted:
                        keep(variable, value)

    def check(self, fields: Iterable[tuple[str | bytes, str | bytes]]) -> None:
        """Refuse a reply whose header fields are too long.

        :raises ReplyError: if they are
        """
        if not self.limit:
            return
        size = sum(len(name) + len(value) + _AROUND for name, value in fields)
        if size > self.limit:
            raise ReplyError(
                f"the header fields of this reply have {size} bytes, more than --response-headers-limit "
                f"{self.limit}; send fewer or shorter ones, or raise the limit"
            )


def response_headers(
    added: Sequence[str], removed: Sequence[str], collected: Sequence[str] = (), limit: int = 0
) -> ResponseHeaders:
    """Read the values of the options.

    :raises ConfigError: if a text is no header field (RFC 9110, section 5), or no name and variable
    """
    return ResponseHeaders(
        tuple(_field(text) for text in added),
        frozenset(name.strip().lower() for name in removed),
        tuple(_collected(text) for text in collected),
        limit,
    )


def _field(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not name or any(c in name for c in " \t") or not (name + value).isprintable():
        raise ConfigError(f"--add-header {text}: write NAME: VALUE")
    return name, value


def _collected(text: str) -> tuple[str, str]:
    words = text.split()
    if len(words) != 2:
        raise ConfigError(f"--collect-header {text}: write the header and the variable, as in 'X-User USER'")
    return words[0].rstrip(":").lower(), words[1]
