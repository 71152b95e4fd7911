"""How one check of one library ended, and what that makes of a cell."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["FAILED", "MISSING", "NOT_APPLICABLE", "PASSED", "Missing", "NotApplicable", "cell"]

PASSED = "passed"
FAILED = "failed"  # tried, and it raised, hung or did something else
MISSING = "missing"  # the library offers nothing to try
NOT_APPLICABLE = "does not apply"


class Missing(Exception):
    """The library has no function for this."""


class NotApplicable(Exception):
    """The question makes no sense for this library."""


def cell(outcomes: Iterable[str]) -> str:
    """Return ``Y``, ``P``, ``N`` or ``-`` for the outcomes of a row's checks."""
    tried = [outcome for outcome in outcomes if outcome != NOT_APPLICABLE]
    if not tried:
        return "-"
    passed = tried.count(PASSED)
    if passed == len(tried):
        return "Y"
    return "P" if passed else "N"
