"""The same places and the same final checks as for the other ways to mix tasks and greenlets."""

from __future__ import annotations

import asyncio

import pytest

import bridge
from tests.bridge.interop.conftest import nothing_left, place, printed, quick_collections
from tests.bridge.interop.places import Place

__all__ = ["nothing_left", "place", "printed", "quick_collections"]

HOW = ["one task", "every task of the loop", "one function", "nested loop"]


@pytest.fixture(params=HOW)
def run(request: pytest.FixtureRequest, place: Place):
    """Run a coroutine function so that its code is green, and so are tasks it makes with ``create``."""
    how = request.param

    def start(fn, *args):
        if how == "one task":

            async def main():
                return await bridge.create_green_task(fn(*args))

            return place.task(main)
        if how == "one function":
            return place.task(bridge.green(fn), *args)

        async def main():
            loop = asyncio.get_running_loop()
            loop.set_task_factory(bridge.green_task_factory)
            try:
                return await asyncio.create_task(fn(*args))
            finally:
                loop.set_task_factory(None)

        if how == "nested loop":
            return place.greenlet(lambda: asyncio.run(main()))
        return place.task(main)

    return start
