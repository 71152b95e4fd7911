"""Exceptions of requests after which a worker is not trusted any more (uWSGI ``--reload-on-exception``)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FatalExceptions"]


@dataclass(frozen=True, slots=True)
class FatalExceptions:
    """False if there are none.

    :param every: all that applications raise
    :param types: names of classes, alone or behind that of their module; not those of base classes
    :param values: what ``str`` makes of them
    :param reprs: name of the class, colon, space, value
    """

    every: bool = False
    types: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    reprs: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.every or self.types or self.values or self.reprs)

    def has(self, error: BaseException) -> bool:
        """Whether *error* is one of them."""
        kind = type(error)
        names = {kind.__name__, f"{kind.__module__}.{kind.__qualname__}"}
        if self.every or names & self.types:
            return True
        if not (self.values or self.reprs):
            return False
        value = str(error)
        return value in self.values or any(f"{name}: {value}" in self.reprs for name in names)
