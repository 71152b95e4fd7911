"""Who waits for whom, as the tree tells it."""

from __future__ import annotations

import asyncio
import gc
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import gevent.event
import gevent.lock
import gevent.queue
import gevent.select
import gevent.socket
import pytest

import bridge
import bridge.sync
from bridge._tree import collect
from bridge._tree.model import Kind, Node, State

Run = Callable[[Any], Any]


def node(label: str) -> Node:
    """The one node whose label has this text."""
    found = [each for each in collect().nodes.values() if label in each.label]
    assert len(found) == 1, found
    return found[0]


def line_with(text: str) -> str:
    """The first line of the tree that has this text, without the stacks."""
    tree = bridge.format_tree(source=False)
    return next((line.strip() for line in tree.splitlines() if text in line), tree)


def below(upper: str, lower: str) -> bool:
    """Whether the second stands right below the first: one of the things it waits for."""
    picture = collect()
    above = next(each for each in picture.nodes.values() if upper in each.label)
    keys = [wait.node for wait in above.waits]
    return any(lower in picture.nodes[key].label for key in keys if key is not None)


@contextmanager
def parked(*greenlets: gevent.Greenlet[..., Any]) -> Iterator[None]:
    """Let greenlets run until they wait; kill them in the end."""
    try:
        gevent.sleep(0)
        gevent.sleep(0)
        yield
    finally:
        gevent.killall(greenlets)


def naps() -> None:
    gevent.sleep(50)


async def async_nap() -> None:
    await asyncio.sleep(50)


# -- greenlets ---------------------------------------------------------------------


def test_a_sleeping_greenlet_waits_for_a_timer_with_seconds_left() -> None:
    with parked(gevent.spawn(naps)):
        assert re.fullmatch(
            r'Greenlet "Greenlet-\d+" naps: waiting for timer, (4\d\.\d\d|50\.00) s left', line_with("naps:")
        )


def test_the_stack_names_file_line_and_code() -> None:
    with parked(gevent.spawn(naps)):
        tree = bridge.format_tree()
        line = naps.__code__.co_firstlineno + 1
        assert f'File "{__file__}", line {line}, in naps\n' in tree
        assert "  gevent.sleep(50)\n" in tree
        assert "gevent.sleep(50)" not in bridge.format_tree(source=False)


def test_a_reading_greenlet_waits_for_its_descriptor() -> None:
    one, two = gevent.socket.socketpair()

    def reads() -> None:
        one.recv(1)

    with one, two, parked(gevent.spawn(reads)):
        assert line_with("reads:").endswith(f"waiting for descriptor {one.fileno()} READ")


def test_select_waits_for_descriptors_and_not_for_events_of_its_own() -> None:
    one, two = gevent.socket.socketpair()

    def selects() -> None:
        gevent.select.select([one], [], [], 60)

    with one, two, parked(gevent.spawn(selects)):
        assert line_with("selects:").endswith(f"waiting for descriptor {one.fileno()} READ")


@pytest.mark.parametrize(
    ("make", "wait"),
    [
        (gevent.event.Event, "wait"),
        (gevent.event.AsyncResult, "get"),
        (lambda: gevent.lock.Semaphore(0), "acquire"),
        (gevent.queue.Queue, "get"),
    ],
)
def test_a_greenlet_parked_on_a_primitive_names_it(make: Callable[[], Any], wait: str) -> None:
    primitive = make()

    def parks() -> None:
        getattr(primitive, wait)()

    with parked(gevent.spawn(parks)):
        expected = f"waiting for {type(primitive).__qualname__} at {id(primitive):#x}"
        assert line_with("parks:").endswith(expected)


def test_a_join_and_a_joinall_show_the_greenlets_below() -> None:
    sleeper = gevent.spawn(naps)

    def joins() -> None:
        sleeper.join()

    def joins_all() -> None:
        gevent.joinall([sleeper])

    with parked(sleeper, gevent.spawn(joins), gevent.spawn(joins_all)):
        assert below("joins_all", "naps")
        assert below("<locals>.joins", "naps")
        assert bridge.format_tree().count("naps: shown above") >= 1


def test_a_greenlet_of_compiled_code_only_is_not_called_running() -> None:
    event = gevent.event.Event()
    with parked(gevent.spawn(event.wait)):
        assert node("Event.wait").state is State.WAITING


def test_greenlets_in_a_circle_are_called_so() -> None:
    greenlets: list[Any] = []

    def circular(other: int) -> None:
        greenlets[other].join()

    greenlets += [gevent.spawn(circular, 1), gevent.spawn(circular, 0)]
    with parked(*greenlets):
        assert "A CIRCLE, each waits for the next" in bridge.format_tree()


def test_the_current_greenlet_runs_and_a_spawned_one_is_ready() -> None:
    seen: list[Node] = []

    def looks() -> None:
        spawned = gevent.spawn(naps)
        try:
            seen.extend((node("looks"), node("naps")))
        finally:
            spawned.kill()

    gevent.spawn(looks).get()
    assert [each.state for each in seen] == [State.RUNNING, State.READY]
    assert seen[0].stack[-1].function.endswith("looks") or seen[0].stack[-1].function == "node"


def test_a_timeout_is_noted_at_the_greenlet_it_limits() -> None:
    def limited() -> None:
        with gevent.Timeout(60):
            gevent.event.Event().wait()

    with parked(gevent.spawn(limited)):
        (note,) = [text for text in node("limited").notes if text.startswith("limited")]
        assert re.fullmatch(r"limited by gevent\.Timeout, (59\.\d\d|60\.00) s left", note)


def test_who_spawned_a_greenlet_is_noted() -> None:
    with parked(bridge.spawn(naps)):
        notes = node("naps").notes
        assert any(text.startswith("spawned by main at ") and __file__ in text for text in notes)


def test_greenlets_that_nobody_started_are_only_counted() -> None:
    never = gevent.Greenlet(naps)
    later = gevent.spawn_later(60, naps)
    with parked(later):
        assert "1 greenlet nobody has started" in bridge.format_tree()
        assert line_with("naps:").endswith("s left")
    del never


def test_greenlets_and_tasks_are_seen_although_the_collector_was_told_to_forget_them(run: Run) -> None:
    """Servers call gc.freeze() before they fork; the hub's loop and a few greenlets are older than that."""

    async def main() -> None:
        greenlet = bridge.spawn(naps)
        task = asyncio.create_task(async_nap())
        await asyncio.sleep(0.001)
        gc.freeze()
        try:
            assert node(" naps").waits[0].what.endswith("s left")
            assert node("async_nap").waits[0].what.endswith("s left")
        finally:
            gc.unfreeze()
            greenlet.kill(block=False)
            task.cancel()
            await asyncio.wait([task, bridge.future(greenlet)])

    run(main())


# -- tasks ------------------------------------------------------------------------------


def test_a_task_awaits_a_greenlet_and_a_greenlet_a_task(run: Run) -> None:
    async def awaits() -> None:
        await bridge.spawn(naps)

    def waits() -> None:
        bridge.wait(awaits())

    async def main() -> None:
        greenlet = bridge.spawn(waits)
        await asyncio.sleep(0.01)
        assert below("<locals>.waits", "<locals>.awaits")
        assert below("<locals>.awaits", "naps")
        greenlet.kill(block=False)
        with pytest.raises(asyncio.CancelledError):
            await greenlet

    run(main())


@pytest.mark.parametrize("how", ["await", "gather", "shield", "wait", "wait_for", "group"])
def test_a_task_stands_above_the_tasks_it_awaits(run: Run, how: str) -> None:
    async def upper() -> None:
        inner = asyncio.ensure_future(async_nap())
        if how == "await":
            await inner
        elif how == "gather":
            await asyncio.gather(inner, async_nap())
        elif how == "shield":
            await asyncio.shield(inner)
        elif how == "wait":
            await asyncio.wait([inner])
        elif how == "wait_for":
            await asyncio.wait_for(inner, 60)
        else:
            async with asyncio.TaskGroup() as group:
                group.create_task(async_nap())

    async def main() -> None:
        task = asyncio.create_task(upper())
        for _ in range(5):
            await asyncio.sleep(0)
        assert below("<locals>.upper", "async_nap")
        tree = bridge.format_tree()
        assert re.search(r"<locals>\.upper: waiting for the (task|2 tasks) below", tree), tree
        for each in asyncio.all_tasks() - {asyncio.current_task()}:
            each.cancel()
        await asyncio.wait([task])

    run(main())


def test_a_sleeping_task_waits_for_a_timer_inside_its_own_stack(run: Run) -> None:
    async def main() -> None:
        async with asyncio.timeout(60):
            task = asyncio.create_task(async_nap(), name="sleeper")
            await asyncio.sleep(0)
            found = node('"sleeper" async_nap')
            assert re.fullmatch(r"timer, (4\d\.\d\d|50\.00) s left", found.waits[0].what)
            assert [each.function for each in found.stack] == ["async_nap", "sleep"]
            me = node("<locals>.main")
            assert me.state is State.RUNNING
            assert me.stack[-1].function == "node"
            assert any(note.startswith("limited by asyncio.timeout, ") for note in me.notes)
            task.cancel()
            await asyncio.wait([task])

    run(main())


def test_a_task_parked_on_a_lock_names_it(run: Run) -> None:
    async def main() -> None:
        lock = asyncio.Lock()

        async def locks() -> None:
            async with lock:
                pass

        async with lock:
            task = asyncio.create_task(locks())
            await asyncio.sleep(0)
            assert f"Lock.acquire of Lock at {id(lock):#x}" in node("<locals>.locks").waits[0].what
        await task

    run(main())


# -- green tasks and shared primitives ------------------------------------------------


def test_a_green_task_shows_what_it_waits_for_in_gevent_and_no_worker(run: Run) -> None:
    async def sleeps() -> None:
        gevent.sleep(50)

    joined: list[gevent.Greenlet[..., Any]] = []

    async def joins() -> None:
        joined.append(gevent.spawn(naps))
        joined[0].join()

    async def awaits() -> None:
        await asyncio.sleep(50)

    async def main() -> None:
        tasks = [bridge.create_green_task(each()) for each in (sleeps, joins, awaits)]
        await asyncio.sleep(0.01)
        assert re.fullmatch(r"timer, 4\d\.\d\d s left", node("<locals>.sleeps").waits[0].what)
        assert [each.function for each in node("<locals>.sleeps").stack][-1] == "sleep"
        assert node("<locals>.sleeps").stack[0].function.endswith("<locals>.sleeps")
        assert below("<locals>.joins", "naps")
        assert any("<locals>.joins at " in note for note in node("naps").notes)
        assert re.fullmatch(r"timer, 4\d\.\d\d s left", node("<locals>.awaits").waits[0].what)
        greenlets = [each for each in collect().nodes.values() if each.kind is Kind.GREENLET]
        shown = {frame.function.rpartition(".")[2] for each in greenlets for frame in each.stack}
        assert not shown & {"sleeps", "joins", "awaits"}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        joined[0].kill(block=False)
        await asyncio.wait([bridge.future(joined[0])])

    run(main())


def test_tasks_and_greenlets_that_wait_for_a_shared_primitive_name_it(run: Run) -> None:
    async def main() -> None:
        queue: bridge.sync.Queue[int] = bridge.sync.Queue()

        async def gets() -> None:
            await queue.aget()

        def parks() -> None:
            queue.get()

        task = asyncio.create_task(gets())
        greenlet = bridge.spawn(parks)
        await asyncio.sleep(0.01)
        for label in ("<locals>.gets", "<locals>.parks"):
            assert [wait.what for wait in node(label).waits] == [f"Queue at {id(queue):#x}"]
        queue.put_nowait(1)
        queue.put_nowait(2)
        await asyncio.wait([task, bridge.future(greenlet)])

    run(main())


# -- threads ----------------------------------------------------------------------------------


def test_greenlets_and_tasks_of_other_threads_are_shown(run: Run) -> None:
    there = threading.Event()
    end = threading.Event()

    async def elsewhere() -> None:
        sleeper = bridge.spawn(naps)
        await asyncio.sleep(0.01)
        there.set()
        await asyncio.to_thread(end.wait, 10)
        sleeper.kill(block=False)
        await asyncio.wait([bridge.future(sleeper)])

    thread = threading.Thread(target=lambda: run(elsewhere()), name="other-thread")
    thread.start()
    try:
        assert there.wait(10)
        picture = collect()
        names = {each.ident: each.name for each in picture.threads.values()}
        greenlet = next(each for each in picture.nodes.values() if "naps" in each.label)
        assert names[greenlet.thread] == "other-thread"
        task = next(each for each in picture.nodes.values() if "elsewhere" in each.label)
        assert names[task.thread] == "other-thread"
    finally:
        end.set()
        thread.join()


def test_a_thread_without_a_loop_shows_its_stack() -> None:
    end = threading.Event()

    def plain_thread_body() -> None:
        end.wait(10)

    thread = threading.Thread(target=plain_thread_body, name="plain")
    thread.start()
    try:
        tree = bridge.format_tree()
    finally:
        end.set()
        thread.join()
    assert "plain_thread_body" in tree


def test_a_hostile_repr_and_a_lying_class_are_not_asked() -> None:
    class Hostile:
        @property
        def __class__(self) -> type:  # type: ignore[override]
            raise AssertionError("asked")

        def __repr__(self) -> str:
            raise AssertionError("asked")

    def with_argument(_: object) -> None:
        gevent.sleep(50)

    with parked(gevent.spawn(with_argument, Hostile())):
        assert "with_argument" in bridge.format_tree()
