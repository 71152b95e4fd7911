"""Code in a callback or a plain task blocks in gevent: what it and the greenlets that run meanwhile see."""

from __future__ import annotations

import pytest

from tests.bridge.programs import KINDS, run_program

_COMMON = """
import asyncio, functools, gc, sys, weakref
import gevent
from gevent.event import Event
from gevent.hub import get_hub
from greenlet import getcurrent
from asyncio.events import _get_running_loop
import bridge

def seen():
    loop = _get_running_loop()
    return loop, asyncio.current_task(known)

def run(main):
    global known
    known = new_loop()
    try:
        return known.run_until_complete(main())
    finally:
        known.close()
"""

both = pytest.mark.parametrize("kind", KINDS)


def program(source: str, kind: str) -> None:
    run_program(_COMMON + source, kind)


@both
class TestPlainTask:
    def test_greenlets_see_neither_loop_nor_task_and_the_host_sees_both_again(self, kind):
        program(
            """
async def main():
    me = asyncio.current_task()
    for wait in (
        lambda g: g.join(),
        lambda g: g.get(),
        lambda g: gevent.sleep(0),
        lambda g: gevent.wait([g]),
        lambda g: gevent.spawn(g.get).get(),
    ):
        inside = []
        g = gevent.spawn(lambda: inside.append(seen()))
        wait(g)
        assert inside == [(None, None)], inside
        assert seen() == (known, me)
        await asyncio.sleep(0)
        assert seen() == (known, me)

run(main)
assert _get_running_loop() is None
""",
            kind,
        )

    def test_asyncio_run_works_in_a_greenlet_meanwhile(self, kind):
        program(
            """
async def inner():
    loop = asyncio.get_running_loop()
    for _ in range(3):
        await asyncio.sleep(0)
    gevent.sleep(0)
    assert asyncio.get_running_loop() is loop is not known
    assert asyncio.current_task().get_name() == 'inner'
    return 'inner'

def nested():
    async def named():
        return await asyncio.create_task(inner(), name='inner')
    return asyncio.run(named())

async def main():
    me = asyncio.current_task()
    done = Event()
    g = gevent.spawn(nested)
    g.link(lambda _: done.set())
    assert done.wait()
    assert g.get() == 'inner'
    assert seen() == (known, me)

run(main)
""",
            kind,
        )

    def test_green_tasks_that_are_woken_meanwhile_see_their_own(self, kind):
        program(
            """
async def green(event, told):
    me = asyncio.current_task()
    event.wait()
    assert seen() == (known, me)
    told.set()
    gevent.sleep(0)
    assert seen() == (known, me)
    await asyncio.sleep(0)
    assert seen() == (known, me)

async def main():
    me = asyncio.current_task()
    event, told = Event(), Event()
    task = bridge.create_green_task(green(event, told))
    await asyncio.sleep(0)
    event.set()
    told.wait()
    assert seen() == (known, me)
    await task
    assert seen() == (known, me)

run(main)
""",
            kind,
        )

    def test_exceptions_thrown_into_the_waiting_host_find_loop_and_task_in_place(self, kind):
        program(
            """
async def main():
    me = asyncio.current_task()
    host = getcurrent()
    gevent.spawn(lambda: None)
    get_hub().loop.run_callback(host.throw, KeyError('thrown'))
    try:
        Event().wait()
    except KeyError:
        assert seen() == (known, me)
    else:
        sys.exit('not thrown')
    try:
        Event().wait()
    except gevent.exceptions.BlockingSwitchOutError:
        assert seen() == (known, me)
    else:
        sys.exit('not refused')
    await asyncio.sleep(0)
    assert await asyncio.create_task(asyncio.sleep(0, 'fine')) == 'fine'

run(main)
""",
            kind,
        )

    def test_the_task_can_await_between_two_blocking_calls_many_times(self, kind):
        program(
            """
async def one(number, guarded):
    me = asyncio.current_task()
    for _ in range(20):
        gevent.spawn(lambda: guarded.append(seen())).join()
        assert seen() == (known, me)
        await asyncio.sleep(0.0001 * (number % 3))
        assert seen() == (known, me)

async def main():
    guarded = []
    await asyncio.gather(*[one(number, guarded) for number in range(20)])
    assert guarded == [(None, None)] * 400

run(main)
""",
            kind,
        )


@both
class TestCallbacks:
    def test_there_is_no_task_on_either_side(self, kind):
        program(
            """
async def main():
    inside, after, end = [], [], known.create_future()

    def callback(soon):
        gevent.spawn(lambda: inside.append(seen())).join()
        after.append(seen())
        if not soon:
            end.set_result(None)

    known.call_soon(callback, True)
    known.call_soon(callback, False)  # not call_later: libuv's timers point into the stack (guest-mode.md)
    await end
    assert inside == [(None, None)] * 2, inside
    assert after == [(known, None)] * 2, after

run(main)
""",
            kind,
        )

    def test_it_is_the_same_on_the_private_loop(self, kind):
        program(
            """
inside = []

async def main():
    global known
    known = asyncio.get_running_loop()
    me = asyncio.current_task()
    gevent.spawn(lambda: inside.append(seen())).join()
    assert seen() == (known, me)

bridge.wait(main())
assert inside == [(None, None)]
""",
            kind,
        )

    def test_it_is_the_same_in_a_loop_that_was_entered_before_the_bridge_came(self, kind):
        source = """
import asyncio, sys
from asyncio.events import _get_running_loop
if sys.modules.get('bridge'):
    sys.exit('the test is void')
inside = []

async def main():
    known, me = asyncio.get_running_loop(), asyncio.current_task()
    import gevent
    import bridge
    def seen():
        return _get_running_loop(), asyncio.current_task(known)
    await bridge.spawn(lambda: None)
    gevent.spawn(lambda: inside.append(seen())).join()
    assert seen() == (known, me)

loop = new_loop()
loop.run_until_complete(main())
assert inside == [(None, None)]
"""
        run_program(source, kind)


@both
def test_nothing_stays_in_the_greenlet_when_the_loop_has_ended(kind):
    program(
        """
async def main():
    gevent.sleep(0)

before = set(vars(getcurrent()))
run(main)
assert set(vars(getcurrent())) == before
gc.collect()
ref = weakref.ref(known)
del known
gc.collect()
assert ref() is None
""",
        kind,
    )
