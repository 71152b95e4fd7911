"""Print how many bytes a million greenlets add to the resident set."""

import greenlet

from bridge import _stackcache
from tests.bridge.stackcache.resident import resident_bytes


def nothing():
    pass


def run(count, new=greenlet.greenlet):
    for _ in range(count):
        new(nothing).switch()


assert _stackcache.install()
run(10_000)
before = resident_bytes()
run(1_000_000)
print(resident_bytes() - before)
assert _stackcache.statistics().hits >= 1_000_000
