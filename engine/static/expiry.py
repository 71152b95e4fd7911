"""When clients have to ask again: Expires (RFC 9111 section 5.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import formatdate
from typing import NamedTuple

from engine.config.static import Expiry

__all__ = ["ExpiryRules", "Subjects"]


class Subjects(NamedTuple):
    """What rules may be about; ``media`` is the Content-Type."""

    file: str
    uri: str
    path: str
    media: str


class ExpiryRules:
    """The ``--static-expires*`` options; the first that fits decides, in the order written."""

    def __init__(self, rules: Sequence[Expiry]) -> None:
        self._rules = [
            (rule, None if rule.by == "type" else re.compile(rule.pattern), _FIELDS[rule.by])
            for rule in rules
        ]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def expires(self, subjects: Subjects, now: float, modified: float) -> str | None:
        """Return the value of Expires, None without a rule that fits."""
        for rule, pattern, field in self._rules:
            text = subjects[field]
            fits = text == rule.pattern if pattern is None else pattern.search(text) is not None
            if fits:
                return formatdate((modified if rule.from_mtime else now) + rule.seconds, usegmt=True)
        return None


_FIELDS = {"file": 0, "uri": 1, "path-info": 2, "type": 3}
