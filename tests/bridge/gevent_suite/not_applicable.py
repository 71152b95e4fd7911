"""Tests of gevent's suite that say nothing about the bridge, each with the reason."""

from __future__ import annotations

from typing import Final

__all__ = ["NOT_APPLICABLE", "not_applicable"]

# "module" or "module.Class.test" -> why.
NOT_APPLICABLE: Final[dict[str, str]] = {}

# The same for guest runs only.
NOT_APPLICABLE_AS_GUEST: Final[dict[str, str]] = {}


def not_applicable(module: str, test: str, *, guest: bool = False) -> str | None:
    """Return why a broken test does not count, or None if it does."""
    tables = [NOT_APPLICABLE, NOT_APPLICABLE_AS_GUEST] if guest else [NOT_APPLICABLE]
    for table in tables:
        for name in (module, f"{module}.{test}"):
            if name in table:
                return table[name]
    return None
