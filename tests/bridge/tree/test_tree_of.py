"""One task or greenlet and what it waits for, as data."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import gevent
import gevent.event
import pytest

import bridge

Run = Callable[[Any], Any]


def test_what_a_task_waits_for_stands_below(run: Run) -> None:
    def sleeps() -> None:
        gevent.sleep(50)

    async def asks() -> None:
        await bridge.spawn(sleeps)

    async def main() -> None:
        task = asyncio.create_task(asks(), name="asks")
        await asyncio.sleep(0.01)
        tree = bridge.tree_of(task)
        task.cancel()
        assert tree is not None
        assert json.loads(json.dumps(tree)) == tree
        assert (tree["kind"], tree["id"]) == ("Task", id(task))
        assert tree["state"] == "waiting for the greenlet below"
        assert [frame["text"] for frame in tree["stack"]] == ["await bridge.spawn(sleeps)"]
        (below,) = tree["waits_for"]
        assert below["kind"] == "Greenlet"
        assert below["state"].startswith("waiting for timer, ")
        assert "gevent.sleep(50)" in [frame["text"] for frame in below["stack"]]
        assert below["waits_for"] == []

    run(main())


def test_what_is_met_twice_has_its_stack_once(run: Run) -> None:
    async def main() -> None:
        event = gevent.event.Event()
        slow = gevent.spawn(lambda: event.wait())
        waiting = [gevent.spawn(slow.join) for _ in range(2)]
        both = gevent.spawn(gevent.joinall, waiting)
        await asyncio.sleep(0.01)
        tree = bridge.tree_of(both)
        gevent.killall([both, *waiting, slow], block=False)
        await asyncio.sleep(0.01)
        assert tree is not None
        found = [each for below in tree["waits_for"] for each in below["waits_for"]]
        assert [each["repeated"] for each in found] == [False, True]
        assert [bool(each["stack"]) for each in found] == [True, False]

    run(main())


def test_a_circle_ends(run: Run) -> None:
    async def main() -> None:
        greenlets: list[gevent.Greenlet[..., Any]] = []
        greenlets += [gevent.spawn(lambda: greenlets[1].join()), gevent.spawn(lambda: greenlets[0].join())]
        await asyncio.sleep(0.01)
        tree = bridge.tree_of(greenlets[0])
        gevent.killall(greenlets, block=False)
        await asyncio.sleep(0.01)
        assert tree is not None
        assert tree["waits_for"][0]["waits_for"][0]["repeated"] is True

    run(main())


@pytest.mark.parametrize("when", ["before", "after"])
def test_nothing_to_tell(run: Run, when: str) -> None:
    async def main() -> None:
        greenlet = gevent.Greenlet(lambda: None)
        if when == "after":
            greenlet.start()
            await asyncio.sleep(0.01)
        assert bridge.tree_of(greenlet) is None

    run(main())
