"""Random programs against a model, one step at a time: any order of starts, releases and interruptions.

The model knows only lists.  After every step everything runs that can, and
then the real object must be exactly where the model is: nobody waits when
progress is possible, nobody was served out of order, nothing was lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import gevent
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bridge
from bridge.sync import Queue, QueueEmpty, QueueFull, Semaphore
from tests.bridge.sync.actors import KINDS, Actor, settle
from tests.bridge.sync.conftest import LOOPS

pytestmark = pytest.mark.timeout(60)

SETTINGS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
kinds = st.sampled_from(KINDS)
# Where a release, put or get that does not wait is called.
places = st.sampled_from(["task", "greenlet", "hub"])
index = st.integers(0, 5)


async def do(place: str, fn: Callable[[], Any]) -> None:
    """Call *fn* somewhere, and go on when it was called."""
    if place == "task":
        fn()
        return
    done = asyncio.get_running_loop().create_future()

    def call() -> None:
        try:
            done.set_result(fn())
        except BaseException as exc:
            done.set_exception(exc)

    if place == "greenlet":
        gevent.spawn(call)
    else:
        gevent.get_hub().loop.run_callback(call)
    await done


def pick(candidates: list[Any], n: int) -> Any:
    return candidates[n % len(candidates)] if candidates else None


def execute(host: str, main: Callable[[], Any]) -> None:
    bridge.run(asyncio.wait_for(main(), 20), loop_factory=LOOPS[host])


# -- semaphore -------------------------------------------------------------------------


@dataclass
class SemaphoreModel:
    free: int
    waiting: list[Actor] = field(default_factory=list)
    served: list[Actor] = field(default_factory=list)
    stopped: list[Actor] = field(default_factory=list)

    def start(self, actor: Actor) -> None:
        if self.free:
            self.free -= 1
            self.served.append(actor)
        else:
            self.waiting.append(actor)

    def release(self) -> None:
        if self.waiting:
            self.served.append(self.waiting.pop(0))
        else:
            self.free += 1

    def stop(self, actor: Actor) -> None:
        self.waiting.remove(actor)
        self.stopped.append(actor)


semaphore_steps = st.one_of(
    st.tuples(st.just("start"), kinds),
    st.tuples(st.just("release"), places),
    st.tuples(st.just("stop"), index),
    st.tuples(st.just("stop then release"), index),
    st.tuples(st.just("release then cancel"), index),
    st.tuples(st.just("start and cancel"), kinds),
)


async def semaphore_program(permits: int, steps: list[Any]) -> None:
    semaphore = Semaphore(permits)
    model = SemaphoreModel(permits)
    everybody: list[Actor] = []
    log: list[Actor] = []

    def start(kind: str) -> Actor:
        everybody.append(Actor(kind, semaphore.acquire, semaphore.aacquire, log))
        return everybody[-1]

    for step, argument in steps:
        if step == "start":
            model.start(start(argument))
        elif step == "release":
            await do(argument, semaphore.release)
            model.release()
        elif step == "start and cancel":
            actor = start(argument)
            actor.stop()
            await settle()
            model.stopped.append(actor)
            log.append(actor) if actor.outcome is None else None  # it never ran
            actor.outcome = "stopped"
        elif step == "release then cancel":
            tasks = [actor for actor in model.waiting if actor.kind == "task"]
            victim = pick(tasks, argument)
            semaphore.release()
            if victim is not None:
                victim.stop()  # perhaps the one that was just handed the permit
                model.stop(victim)
            model.release()
        else:
            victim = pick(model.waiting, argument)
            if victim is not None:
                victim.stop()
                model.stop(victim)
            if step == "stop then release":
                semaphore.release()  # perhaps granted to the one that is being stopped
                model.release()
        await settle()
        waiting = semaphore.statistics().waiting
        assert semaphore.value == model.free
        assert len(waiting) == len(model.waiting)
        assert not (semaphore.value and waiting)
        for actor in everybody:
            expected = "ok" if actor in model.served else "stopped" if actor in model.stopped else None
            assert actor.outcome == expected, (actor, expected)
    for actor in model.waiting:
        actor.stop()
    await settle()
    assert not semaphore.statistics().waiting


@SETTINGS
@given(permits=st.integers(0, 2), steps=st.lists(semaphore_steps, max_size=25))
def test_semaphore(host: str, permits: int, steps: list[Any]) -> None:
    execute(host, partial(semaphore_program, permits, steps))


# -- queue -------------------------------------------------------------------------------


@dataclass
class QueueModel:
    maxsize: int
    items: list[int] = field(default_factory=list)
    getting: list[Actor] = field(default_factory=list)
    putting: list[tuple[Actor, int]] = field(default_factory=list)
    expected: dict[int, tuple[str, Any]] = field(default_factory=dict)

    def room(self) -> bool:
        return not self.maxsize or len(self.items) < self.maxsize

    def get(self, actor: Actor) -> None:
        self.getting.append(actor)
        self.advance()

    def put(self, actor: Actor, item: int) -> None:
        self.putting.append((actor, item))
        self.advance()

    def stop(self, actor: Actor | None) -> None:
        if actor is None:
            return
        self.getting = [one for one in self.getting if one is not actor]
        self.putting = [one for one in self.putting if one[0] is not actor]
        self.expected[id(actor)] = ("stopped", None)

    def advance(self) -> None:
        while True:
            if self.putting and self.room():
                actor, item = self.putting.pop(0)
                self.items.append(item)
                self.expected[id(actor)] = ("ok", None)
            elif self.getting and self.items:
                self.expected[id(self.getting.pop(0))] = ("ok", self.items.pop(0))
            else:
                return


NOW = {"get now", "put now"}
queue_steps = st.one_of(
    st.tuples(st.just("get"), kinds),
    st.tuples(st.just("put"), st.none()),
    st.tuples(st.just("get twice"), kinds),
    st.tuples(st.just("get now"), places),
    st.tuples(st.just("put now"), places),
    st.tuples(st.just("stop"), index),
    st.tuples(st.just("stop then get now"), index),
    st.tuples(st.just("stop then put now"), index),
    st.tuples(st.just("put now then cancel"), index),
    st.tuples(st.just("get now then cancel"), index),
)


async def queue_program(maxsize: int, putters: str, steps: list[Any]) -> None:
    queue: Queue[int] = Queue(maxsize)
    model = QueueModel(maxsize)
    everybody: list[Actor] = []
    number = 0

    def put_now(stopped: Actor | None = None) -> None:
        nonlocal number
        number += 1
        if model.room():
            queue.put_nowait(number)
        else:
            with pytest.raises(QueueFull):
                queue.put_nowait(number)
        model.stop(stopped)
        if model.room():
            model.items.append(number)
            model.advance()

    def get_now(stopped: Actor | None = None) -> None:
        if model.items:
            assert queue.get_nowait() == model.items[0]
        else:
            with pytest.raises(QueueEmpty):
                queue.get_nowait()
        model.stop(stopped)
        if model.items:
            model.items.pop(0)
            model.advance()

    def victims(kind: str | None = None) -> list[Actor]:
        all_waiting = model.getting + [actor for actor, _ in model.putting]
        return [actor for actor in all_waiting if kind in (None, actor.kind)]

    def start(kind: str, sync: Callable[[], Any], coro: Callable[[], Any]) -> Actor:
        everybody.append(Actor(kind, sync, coro, []))
        return everybody[-1]

    for step, argument in steps:
        if step == "get":
            model.get(start(argument, queue.get, queue.aget))
        elif step == "put":
            number += 1
            model.put(start(putters, partial(queue.put, number), partial(queue.aput, number)), number)
        elif step == "get twice":
            for _ in range(2):
                model.get(start(argument, queue.get, queue.aget))
        elif step in NOW:
            await do(argument, {"get now": get_now, "put now": put_now}[step])
        else:
            # The call meets the interruption: the queue may grant its victim something, which
            # the victim gives back. The end is the same as if it had been stopped before.
            first, *then = step.split(" then ")
            victim = pick(victims(None if first == "stop" else "task"), argument)
            if victim is not None and first == "stop":
                victim.stop()
            for call in {first, *then} & NOW:
                {"get now": get_now, "put now": put_now}[call](victim)
            if victim is not None and first != "stop":
                victim.stop()
            if victim is not None and not {first, *then} & NOW:
                model.stop(victim)
        await settle()
        seen = queue.statistics()
        assert seen.size == len(model.items)
        assert (len(seen.getting), len(seen.putting)) == (len(model.getting), len(model.putting))
        assert not (seen.getting and seen.size)
        assert not (seen.putting and not queue.full())
        for actor in everybody:
            outcome = (actor.outcome, actor.result)
            assert outcome == model.expected.get(id(actor), (None, None)), actor
    for actor in victims():
        actor.stop()
    await settle()
    seen = queue.statistics()
    assert (len(seen.getting), len(seen.putting)) == (0, 0)
    assert [queue.get_nowait() for _ in range(queue.qsize())] == model.items


@SETTINGS
@given(
    maxsize=st.integers(0, 3),
    putters=kinds,  # all of a kind: otherwise their items may change places
    crowd=st.lists(kinds, max_size=6),
    crowd_puts=st.booleans(),
    steps=st.lists(queue_steps, max_size=25),
)
def test_queue(
    host: str, maxsize: int, putters: str, crowd: list[str], crowd_puts: bool, steps: list[Any]
) -> None:
    first = [("put" if crowd_puts else "get", kind) for kind in crowd]
    execute(host, partial(queue_program, maxsize, putters, first + steps))
