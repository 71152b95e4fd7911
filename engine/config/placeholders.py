"""``$(ENV)``, ``@(file)`` and ``%(placeholder)`` in values (uWSGI docs, Configuration.html).

They are replaced in that order, in every value, after all files and the command line were read, so that
``--set name=value`` after ``--ini`` counts.  Where a name was set more than once, the first one stands
(uWSGI 2.0.31, tried): ``--set port=1 --ini app.ini`` overrides ``port`` of the file.  An unknown name is
left as it is: log formats use the same signs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from engine.config.entries import Origin
from engine.errors import ConfigError

__all__ = ["Expander", "references"]

_ENV: Final = re.compile(r"\$\(([^()]+)\)")
_FILE: Final = re.compile(r"@\(([^()]+)\)")
_NAME: Final = re.compile(r"%\(([^()]+)\)")
# %(a + 1), %(a - b), %(a++), %(a--): signs stand alone between blanks, as names may hold "-".
_ARITHMETIC: Final = re.compile(
    r"(?P<left>\S+?)(?:\s+(?P<sign>[-+*/])\s+(?P<right>\S+)|\s*(?P<step>\+\+|--))"
)

# More rounds than anyone nests; a placeholder that contains itself would never end.
MAX_DEPTH: Final = 20

Lookup = Callable[[str], str | None]


def references(value: str) -> Iterator[str]:
    """Yield the names of the placeholders in ``value``."""
    for match in _NAME.finditer(value):
        parts = _ARITHMETIC.fullmatch(match[1])
        if parts is None:
            yield match[1]
        else:
            yield from filter(None, (parts["left"], parts["right"]))


class Expander:
    """Replaces what stands in parentheses.

    :param environ: for ``$(NAME)``
    :param lookup: value of a placeholder, None if there is none of this name
    """

    def __init__(self, environ: Mapping[str, str], lookup: Lookup) -> None:
        self._environ = environ
        self._lookup = lookup
        self._calculating: list[str] = []

    def expand(self, value: str, origin: Origin) -> str:
        """Return ``value`` with everything known replaced.

        :raises ConfigError: if a file cannot be read, arithmetic has no numbers, or a placeholder
            contains itself
        """
        if "(" not in value:
            return value
        value = _ENV.sub(lambda match: self._environ.get(match[1], match[0]), value)
        value = _FILE.sub(lambda match: _content(match[1], origin), value)
        for _ in range(MAX_DEPTH):
            expanded = _NAME.sub(lambda match: self._placeholder(match, origin), value)
            if expanded == value:
                return value
            value = _ENV.sub(lambda match: self._environ.get(match[1], match[0]), expanded)
        raise _circle(value, origin)

    def _placeholder(self, match: re.Match[str], origin: Origin) -> str:
        known = self._lookup(match[1])
        if known is not None:
            return known
        parts = _ARITHMETIC.fullmatch(match[1])
        if parts is None:
            return match[0]
        left = self._operand(parts["left"], origin)
        right = "1" if parts["step"] else self._operand(parts["right"], origin)
        sign = parts["step"][0] if parts["step"] else parts["sign"]
        return _calculate(left, sign, right, match[0], origin)

    def _operand(self, word: str, origin: Origin) -> str:
        value = self._lookup(word)
        if value is None or "(" not in value:
            return word if value is None else value
        if word in self._calculating:
            raise _circle(value, origin)
        self._calculating.append(word)
        value = self.expand(value, origin)
        self._calculating.pop()
        return value


def _circle(value: str, origin: Origin) -> ConfigError:
    return ConfigError(f"{origin}: the placeholders in {value[:80]!r} contain each other; break the circle")


def _calculate(left: str, sign: str, right: str, text: str, origin: Origin) -> str:
    try:
        a, b = int(left), int(right)
        return str(a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else a // b)
    except (ValueError, ZeroDivisionError) as error:
        raise ConfigError(
            f"{origin}: cannot calculate {text} with {left!r} and {right!r}: {error}"
        ) from error


def _content(name: str, origin: Origin) -> str:
    if "://" in name:
        raise ConfigError(
            f"{origin}: @({name}) is not a file; only files can be read here, fetch it beforehand"
        )
    try:
        with open(name, encoding="utf-8", errors="surrogateescape") as file:
            return file.read().rstrip("\r\n")
    except OSError as error:
        raise ConfigError(f"{origin}: @({name}) cannot be read: {error.strerror}") from error
