"""Wire corpus: see README.md."""

from __future__ import annotations

from typing import Any

from engine.protocols.limits import DEFAULT_LIMITS, Limits
from tests.requests.invalid import bodies as bad_bodies
from tests.requests.invalid import heads as bad_heads
from tests.requests.invalid import limits as bad_limits
from tests.requests.invalid import smuggling
from tests.requests.valid import bodies, heads, pipelines

VALID: dict[str, tuple[bytes, list[dict[str, Any]]]] = {**heads.CASES, **bodies.CASES, **pipelines.CASES}

INVALID: dict[str, tuple[bytes, int, Limits]] = {
    name: (case[0], case[1], case[2] if len(case) > 2 else DEFAULT_LIMITS)
    for table in (smuggling, bad_heads, bad_bodies, bad_limits)
    for name, case in table.CASES.items()
}
