"""One module for each row: its label, the tests that say the same in detail, and the checks.

A check is a function ``check_...`` that takes the :class:`Library`; each runs in a process of its own,
which has imported neither the library nor (before the row ``patched``) asyncio.  It passes if it returns.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ROWS"]

# In the order of the table.
ROWS: Final = (
    "running_loop",
    "on_uvloop",
    "foreign_loop",
    "awaiting",
    "cancelled_task",
    "killed_greenlet",
    "timeouts",
    "context_variables",
    "shared_queue",
    "blocking_call",
    "nested_runs",
    "patched",
    "forked",
    "pictures",
    "pytest_support",
)
