"""Each test is one program; the child reports through its exit code, the parent goes on to use its loop."""

from __future__ import annotations

import pytest

from tests.bridge.programs import KINDS, run_program

pytestmark = pytest.mark.parametrize("kind", KINDS)

_COMMON = """
import os, signal, sys, time, asyncio, socket, threading
import gevent, gevent.os, gevent.event
from gevent import socket as gsocket
from gevent.hub import get_hub

def exercise():
    'Timers, descriptors, threads, callbacks and fork watchers of this process all work.'
    gevent.sleep(0.005)
    left, right = gsocket.socketpair()
    gevent.spawn_later(0.005, right.sendall, b'data')
    assert left.recv(10) == b'data'
    assert get_hub().threadpool.apply(lambda: 42) == 42
    assert gevent.spawn(lambda: 7).get() == 7
    left.close(); right.close()

def child_then_exit(check):
    try:
        check()
    except BaseException:
        import traceback; traceback.print_exc()
        os._exit(1)
    os._exit(0)

def reap(pid):
    pid, status = gevent.os.waitpid(pid, 0)
    assert status == 0, status

async def aexercise():
    await asyncio.sleep(0.005)
    loop = asyncio.get_running_loop()
    assert await loop.run_in_executor(None, lambda: 5) == 5
    done = loop.create_future()
    gevent.spawn_later(0.005, done.set_result, 'from a greenlet')
    assert await done == 'from a greenlet'

def in_mode(guest, work):
    # Here, or in a greenlet beside a loop of the user.
    if not guest:
        return work()
    async def main():
        beats = 0
        async def beat():
            nonlocal beats
            while True:
                await asyncio.sleep(0.001)
                beats += 1
        beating = asyncio.ensure_future(beat())
        done = asyncio.get_running_loop().create_future()
        gevent.spawn(work).link(lambda g: done.set_result(g.exception))
        assert await done is None
        assert beats > 5, beats
        before = beats
        await asyncio.sleep(0.02)
        assert beats > before
        beating.cancel()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
"""

both_modes = pytest.mark.parametrize("guest", [False, True], ids=["hub-run", "guest"])


class TestParentMeanwhile:
    @both_modes
    @pytest.mark.parametrize("fork", ["os.fork", "gevent.os.fork_and_watch"])
    def test_parent_loses_no_event_while_children_come_and_go(self, kind, fork, guest):
        run_program(
            _COMMON
            + f"""
def answer(sock):
    while data := sock.recv(10):
        sock.sendall(data)
def ask(sock, rounds):
    for number in range(rounds):
        sock.sendall(b'%d' % number)
        with gevent.Timeout(10):
            assert sock.recv(10) == b'%d' % number
        gevent.sleep(0.0001)
def work():
    asking, answering, sockets = [], [], []
    def child():
        # or the copies here take what was sent to those in the parent
        with socket.socket() as nothing:
            for sock in sockets:
                os.dup2(nothing.fileno(), sock.fileno())
        gevent.killall(asking + answering, block=False)
        exercise()
    for _ in range(5):
        left, right = gsocket.socketpair()
        sockets += left, right
        answering.append(gevent.spawn(answer, left))
        asking.append(gevent.spawn(ask, right, 300))
    for _ in range(12):
        pid = {fork}()
        if pid == 0:
            child_then_exit(child)
        with gevent.Timeout(20):
            while {fork!r} != 'gevent.os.fork_and_watch' and os.waitpid(pid, os.WNOHANG) == (0, 0):
                gevent.sleep(0.001)
            if {fork!r} == 'gevent.os.fork_and_watch':
                reap(pid)
    gevent.joinall(asking, timeout=30, raise_error=True)
    assert all(g.dead for g in asking)
in_mode({guest}, work)
exercise()
""",
            kind,
        )


class TestForkWithoutHost:
    def test_child_and_parent_go_on(self, kind):
        run_program(
            _COMMON
            + """
exercise()
pid = gevent.os.fork_and_watch()
if pid == 0:
    child_then_exit(exercise)
exercise()
reap(pid)
exercise()
""",
            kind,
        )

    def test_raw_os_fork_is_noticed(self, kind):
        run_program(
            _COMMON
            + """
exercise()
pid = os.fork()
if pid == 0:
    child_then_exit(exercise)
exercise()
assert os.waitpid(pid, 0)[1] == 0
exercise()
""",
            kind,
        )

    def test_fork_in_a_greenlet_while_others_wait(self, kind):
        run_program(
            _COMMON
            + """
left, right = gsocket.socketpair()
reader = gevent.spawn(left.recv, 10)
woken = gevent.event.Event()
timer = gevent.spawn_later(0.05, woken.set)
def fork():
    gevent.sleep(0.001)
    pid = gevent.os.fork_and_watch()
    if pid == 0:
        # the child's own copies of the waiting greenlets go on too
        def check():
            assert woken.wait(5)
            exercise()
        child_then_exit(check)
    return pid
pid = gevent.spawn(fork).get()
reap(pid)
assert woken.wait(5)
right.sendall(b'parent')
assert reader.get(timeout=5) == b'parent'
""",
            kind,
        )

    def test_child_runs_asyncio(self, kind):
        run_program(
            _COMMON
            + """
exercise()
pid = gevent.os.fork_and_watch()
def check():
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(aexercise())
    exercise()
if pid == 0:
    child_then_exit(check)
reap(pid)
check()
""",
            kind,
        )

    def test_fork_watchers_run_in_the_child_only(self, kind):
        run_program(
            _COMMON
            + """
ran = []
exercise()
watcher = get_hub().loop.fork(ref=False)
watcher.start(ran.append, 1)
pid = gevent.os.fork_and_watch()
def check():
    gevent.sleep(0.01); gevent.sleep(0.01)
    assert ran == [1], ran
if pid == 0:
    child_then_exit(check)
reap(pid)
assert ran == []
""",
            kind,
        )

    def test_grandchildren(self, kind):
        run_program(
            _COMMON
            + """
def generation(left):
    exercise()
    if left:
        pid = gevent.os.fork_and_watch()
        if pid == 0:
            child_then_exit(lambda: generation(left - 1))
        reap(pid)
    exercise()
generation(3)
""",
            kind,
        )

    def test_many_children_at_once(self, kind):
        run_program(
            _COMMON
            + """
exercise()
pids = []
for number in range(20):
    pid = gevent.os.fork_and_watch()
    if pid == 0:
        gevent.sleep(0.001 * number)
        os._exit(number)
    pids.append(pid)
codes = [os.waitstatus_to_exitcode(gevent.os.waitpid(pid, 0)[1]) for pid in pids]
assert codes == list(range(20)), codes
""",
            kind,
        )


class TestForkAsGuest:
    def test_child_forked_in_a_greenlet_has_a_loop_of_its_own(self, kind):
        run_program(
            _COMMON
            + """
async def main():
    beats = 0
    async def heartbeat():
        nonlocal beats
        while True:
            await asyncio.sleep(0.002)
            beats += 1
    task = asyncio.ensure_future(heartbeat())
    done = asyncio.get_running_loop().create_future()
    def greenlet():
        exercise()
        pid = gevent.os.fork_and_watch()
        if pid == 0:
            def check():
                exercise()
                with asyncio.Runner(loop_factory=new_loop) as runner:
                    runner.run(aexercise())
            child_then_exit(check)
        reap(pid)
        exercise()
        done.set_result(None)
    gevent.spawn(greenlet)
    await done
    before = beats
    await asyncio.sleep(0.05)
    assert beats > before
    await aexercise()
with asyncio.Runner(loop_factory=new_loop) as runner:
    runner.run(main())
exercise()
""",
            kind,
        )

    def test_child_forked_in_a_coroutine_leaves_the_parent_alone(self, kind):
        run_program(
            _COMMON
            + """
async def main():
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    loop = asyncio.get_running_loop()
    waiting = asyncio.ensure_future(loop.sock_recv(reader, 10))
    await asyncio.sleep(0.001)
    pid = os.fork()
    if pid == 0:
        child_then_exit(exercise)
    assert await loop.run_in_executor(None, os.waitpid, pid, 0) == (pid, 0)
    writer.send(b'still here')
    assert await asyncio.wait_for(waiting, 5) == b'still here'
    await aexercise()
with asyncio.Runner(loop_factory=new_loop) as runner:
    runner.run(main())
""",
            kind,
        )


class TestSubprocesses:
    @pytest.mark.parametrize("guest", [False, True])
    def test_gevent_subprocess(self, kind, guest):
        run_program(
            _COMMON
            + f"""
from gevent import subprocess
def use():
    assert subprocess.check_output([sys.executable, '-c', 'print(5)']) == b'5\\n'
    assert subprocess.call([sys.executable, '-c', 'raise SystemExit(3)']) == 3
    together = [gevent.spawn(subprocess.call, ['/bin/sh', '-c', f'exit {{n}}']) for n in range(10)]
    assert [g.get(timeout=20) for g in together] == list(range(10))
    sleeper = subprocess.Popen(['/bin/sleep', '30'])
    sleeper.terminate()
    assert sleeper.wait(timeout=10) == -signal.SIGTERM
in_mode({guest}, use)
""",
            kind,
        )

    def test_asyncio_and_gevent_children_side_by_side(self, kind):
        run_program(
            _COMMON
            + """
from gevent import subprocess
async def main():
    async def one(n):
        process = await asyncio.create_subprocess_exec('/bin/sh', '-c', f'sleep 0.0{n}; exit {n}')
        return await process.wait()
    ours = [gevent.spawn(subprocess.call, ['/bin/sh', '-c', f'sleep 0.0{n}; exit {n}']) for n in range(5)]
    theirs = await asyncio.gather(*[one(n) for n in range(5)])
    assert theirs == list(range(5)), theirs
    while not all(g.dead for g in ours):
        await asyncio.sleep(0.01)
    assert [g.value for g in ours] == list(range(5)), [g.value for g in ours]
with asyncio.Runner(loop_factory=new_loop) as runner:
    runner.run(main())
""",
            kind,
        )

    @both_modes
    @pytest.mark.parametrize("method", ["fork", "spawn"])
    @pytest.mark.parametrize("patched", [False, True])
    def test_multiprocessing(self, kind, method, patched, guest, tmp_path):
        # "spawn" imports the main module again, so it has to be a file.
        program = tmp_path / "program.py"
        program.write_text(
            f"""
if {patched}:
    from gevent import monkey; monkey.patch_all()
import asyncio, multiprocessing, gevent
from tests.bridge.programs import new_loop
def work(queue):
    gevent.sleep(0.001)
    assert gevent.spawn(lambda: 7).get() == 7
    queue.put('from the child')
def start():
    gevent.sleep(0.001)
    context = multiprocessing.get_context({method!r})
    queue = context.SimpleQueue()
    process = context.Process(target=work, args=(queue,))
    process.start()
    process.join()
    assert process.exitcode == 0, process.exitcode
    assert queue.get() == 'from the child'
    gevent.sleep(0.001)
async def main():
    done = asyncio.get_running_loop().create_future()
    gevent.spawn(start).link(lambda g: done.set_result(g.exception))
    assert await done is None
    await asyncio.sleep(0.001)
if __name__ == '__main__':
    if {guest}:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(main())
    else:
        start()
"""
        )
        run_program(
            f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, {str(program)!r}]))", kind
        )
