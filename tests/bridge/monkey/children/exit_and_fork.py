"""``exit_and_fork.py patched|unpatched``: a native executor works while the process forks and ends."""

import sys

import bridge.monkey

if sys.argv[1] == "patched":
    bridge.monkey.patch_all()

import os

import gevent.monkey

from bridge._pristine.executors import NativeExecutor

native_lock = gevent.monkey.get_original("_thread", "allocate_lock")
gate, entered = native_lock(), native_lock()
gate.acquire()
entered.acquire()


def job() -> None:
    entered.release()
    gate.acquire()
    print("job done", flush=True)


pool = NativeExecutor()
pool.submit(job)
entered.acquire()
pid = os.fork()
if pid == 0:
    sys.exit(0)  # joins executors' threads, of which the child has none
print("child", os.waitpid(pid, 0)[1], flush=True)
gate.release()
