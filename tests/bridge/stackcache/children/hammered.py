"""Let threads meet in the allocator while this one runs greenlets and changes the cache."""

import greenlet

from bridge import _stackcache
from tests.bridge.stackcache.hammering import Hammer

assert _stackcache.install(64)
hammer = Hammer(threads=4, rounds=150_000)
if not hammer.available():
    print("no compiler")
    raise SystemExit
before = _stackcache.statistics()
with hammer:
    for turn in range(400):
        for _ in range(100):
            greenlet.greenlet(lambda: None).switch()
        if turn % 10 == 0:
            _stackcache.trim()
        if turn % 40 == 0:
            _stackcache.uninstall()
            _stackcache.install(8 + turn)
    hammer.wait()
now = _stackcache.statistics()
assert hammer.wrong == 0, f"{hammer.wrong} chunks were given to two at once"
assert now.hits - before.hits > 100_000
assert now.cached <= now.capacity
print("ok")
