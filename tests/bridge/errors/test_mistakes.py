"""Plausible mistakes in calling the bridge: each error says what to write instead."""

from __future__ import annotations

import asyncio

import gevent
import pytest

import bridge


async def work() -> int:
    return 1


def test_run_needs_the_call_not_the_function() -> None:
    with pytest.raises(TypeError, match=r"not <function work.*; call it: bridge.run\(work\(\)\)"):
        bridge.run(work)  # type: ignore[arg-type]


def test_run_inside_a_running_loop() -> None:
    async def main() -> None:
        with pytest.raises(bridge.WrongContextError, match="inside a running asyncio loop"):
            bridge.run(work())

    bridge.run(main())


def test_run_in_a_greenlet_of_a_running_loop_is_no_mistake() -> None:
    async def main() -> int:
        return await bridge.spawn(lambda: bridge.run(work()))

    assert bridge.run(main()) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (42, "needs something that can be awaited, not 42$"),
        (work, r"not <function work.*; call it: bridge.wait\(work\(...\)\)"),
        (gevent.Greenlet(lambda: 1), r"; a greenlet has get\(\) and join\(\)"),
    ],
)
def test_wait_for_what_is_no_awaitable(given: object, said: str) -> None:
    def in_greenlet() -> None:
        with pytest.raises(TypeError, match=said):
            bridge.wait(given)  # type: ignore[type-var]

    async def main() -> None:
        await bridge.spawn(in_greenlet)

    bridge.run(main())


def test_a_future_of_what_is_no_greenlet() -> None:
    async def main() -> None:
        with pytest.raises(TypeError, match=r"bridge.future\(\) needs a greenlet, .* not 42"):
            bridge.future(42)  # type: ignore[arg-type]

    bridge.run(main())


def test_what_waits_for_a_plain_function_made_synchronous() -> None:
    wrong = bridge.async_to_sync(lambda: asyncio)  # type: ignore[arg-type,return-value]

    async def main() -> None:
        with pytest.raises(TypeError, match="can't be used in 'await' expression"):
            await bridge.spawn(wrong)

    bridge.run(main())
