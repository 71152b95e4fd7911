"""Every option, and finding one by its name or letter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from engine.config.options.apps import APPLICATION
from engine.config.options.background import BACKGROUND
from engine.config.options.configuration import CONFIGURATION
from engine.config.options.elsewhere import advice_for
from engine.config.options.foreign import WITHOUT_EFFECT
from engine.config.options.gevent import GEVENT
from engine.config.options.http import HTTP
from engine.config.options.limits import LIMITS, STATIC
from engine.config.options.logging import LOGGING, STATS
from engine.config.options.peers import LETTERS, name_here
from engine.config.options.processes import PROCESSES
from engine.config.options.record import Option, Section
from engine.config.options.sockets import SOCKETS
from engine.config.options.tls import TLS

__all__ = ["OPTIONS", "OptionTable"]


class OptionTable:
    """Options by name; :data:`OPTIONS` is the one of the program."""

    def __init__(self, sections: Iterable[Section]) -> None:
        self.sections: Final = tuple(sections)
        self._by_name: Final[Mapping[str, Option]] = dict(self._pairs("names"))
        self._by_short: Final[Mapping[str, Option]] = dict(self._pairs("short"))

    def __iter__(self) -> Iterator[Option]:
        return (option for section in self.sections for option in section.options)

    def __repr__(self) -> str:
        return f"<OptionTable of {sum(1 for _ in self)} options in {len(self.sections)} sections>"

    def _pairs(self, attribute: str) -> Iterator[tuple[str, Option]]:
        seen: set[str] = set()
        for option in self:
            # "short" is one letter or nothing, "names" a tuple: both give the keys one by one.
            for key in getattr(option, attribute):
                if key in seen:
                    raise ValueError(f"two options are called {key!r}; rename one of the records")
                seen.add(key)
                yield key, option

    def find(self, name: str) -> Option | None:
        """Return the option with this long name or alias."""
        return self._by_name.get(name)

    def find_short(self, letter: str) -> Option | None:
        """Return the option with this letter."""
        return self._by_short.get(letter)

    def advice(self, name: str) -> str:
        """Say what may have been meant by an unknown name; empty if there is no telling."""
        instead = advice_for(name)
        if instead is not None:
            return f"uWSGI has it, gevent-engine does not: {instead}"
        here = name_here(name)
        if here is not None:
            return here
        near = self.nearest(name)
        return f"did you mean {' or '.join(near)}?" if near else "see gevent-engine --help"

    def advice_for_letter(self, letter: str) -> str:
        """The same for an unknown letter."""
        here = name_here(LETTERS.get(letter, ""))
        return here or "see gevent-engine --help"

    def nearest(self, name: str) -> list[str]:
        """Return up to three known names that look like ``name``, nearest first."""
        import difflib  # only for an error: importing it takes longer than reading the command line

        matches = difflib.get_close_matches(name.replace("_", "-"), self._by_name, n=3, cutoff=0.7)
        return [f"--{match}" for match in matches]


OPTIONS: Final = OptionTable(
    (
        SOCKETS,
        TLS,
        APPLICATION,
        GEVENT,
        PROCESSES,
        HTTP,
        LIMITS,
        LOGGING,
        STATS,
        STATIC,
        BACKGROUND,
        CONFIGURATION,
        WITHOUT_EFFECT,
    )
)
