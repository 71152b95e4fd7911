"""One ``key = value`` as someone wrote it, and where it was written."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Entry", "Origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry stands; ``str()`` is what error messages say."""

    text: str
    """``"the command line"``, ``"the environment"`` or the name of a file."""

    line: int = 0
    """Line in the file, counted from 1; 0 if it is not a file."""

    section: str = ""

    @property
    def is_file(self) -> bool:
        return self.line > 0

    def __str__(self) -> str:
        return f"{self.text}, line {self.line}" if self.line else self.text


@dataclass(frozen=True, slots=True)
class Entry:
    """A setting before anything about it was decided."""

    key: str
    """The name as written, without dashes: an alias stays an alias (``uwsgi.opt`` shows it so)."""

    value: str | None
    """None only for a flag on the command line; a bare key in a file has ``""``."""

    origin: Origin

    weak: bool = False
    """True if it came by ``inherit``: whatever is set elsewhere wins."""

    def with_value(self, value: str | None) -> Entry:
        return replace(self, value=value)

    @property
    def spelling(self) -> str:
        """The name as its writer would look for it: ``--gevent``, or ``gevent`` in a file."""
        if self.origin.is_file:
            return self.key
        if self.origin.text == "the environment":
            return "UWSGI_" + self.key.upper().replace("-", "_")
        return f"--{self.key}"
