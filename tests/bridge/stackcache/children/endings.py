"""End the interpreter in different ways with the cache in use."""

import atexit
import os
import threading

import greenlet

from bridge import _stackcache

ending = os.environ["STACKCACHE_TEST_ENDING"]
held = []


def park():
    try:
        greenlet.getcurrent().parent.switch()
    finally:
        sum(n * n for n in range(100))


def hold(count=100):
    for _ in range(count):
        each = greenlet.greenlet(park)
        each.switch()
        held.append(each)


def run_for_ever(started):
    mine = greenlet.greenlet(park)
    mine.switch()
    while True:
        greenlet.greenlet(lambda: None).switch()
        started.set()


def more_at_exit():
    hold()
    _stackcache.trim()
    hold()


if ending == "installed_late":
    hold()
    assert _stackcache.install()
    print("ok", flush=True)
else:
    assert _stackcache.install(10)
    hold()
    print("ok", flush=True)
    if ending == "daemon":
        started = threading.Event()
        threading.Thread(target=run_for_ever, args=(started,), daemon=True).start()
        started.wait()
    elif ending == "os_exit":
        os._exit(0)
    elif ending == "atexit":
        atexit.register(more_at_exit)
        atexit.register(_stackcache.uninstall)
