"""A task that shows whether the loop still turns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

__all__ = ["beside", "expect_turning"]


async def beside(awaitable: Awaitable[Any]) -> tuple[Any, int]:
    """Await, and return the result with the number of 10 ms ticks another task counted meanwhile."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.ensure_future(tick())
    try:
        await asyncio.sleep(0)
        return await awaitable, ticks
    finally:
        ticking.cancel()


async def expect_turning(awaitable: Awaitable[Any], result: object) -> None:
    """Await what takes 0.1 s or more; fail unless tasks went on meanwhile."""
    got, ticks = await beside(awaitable)
    assert got == result, f"the result was {got!r}"
    assert ticks >= 3, f"tasks stood still: {ticks} ticks"
