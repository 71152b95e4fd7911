"""Fork again and again while other threads are inside the allocator without the GIL."""

import os
import signal
import warnings

import greenlet

from bridge import _stackcache
from tests.bridge.stackcache.hammering import Hammer

warnings.simplefilter("ignore", DeprecationWarning)  # fork in a process with threads: on purpose
assert _stackcache.install()


def grandchild():
    pid = os.fork()
    if pid == 0:
        greenlet.greenlet(lambda: None).switch()
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def in_child():
    signal.alarm(20)  # a deadlock ends as a failure
    before = _stackcache.statistics()
    for _ in range(50):
        greenlet.greenlet(lambda: None).switch()
    after = _stackcache.statistics()
    assert after.hits - before.hits >= 49
    assert after.contended == before.contended
    assert _stackcache.uninstall()
    assert _stackcache.install()
    assert grandchild() == 0


hammer = Hammer(threads=2)
if not hammer.available():
    print("no compiler")
    raise SystemExit
with hammer:
    for _ in range(150):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                in_child()
                status = 0
            finally:
                os._exit(status)
        if os.waitpid(pid, 0)[1] != 0:
            raise SystemExit("a child failed or hung")
assert hammer.wrong == 0
print("ok")
