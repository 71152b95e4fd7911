"""Print how many bytes later bursts of greenlets, more than fit the cache, add to the resident set."""

import greenlet

from bridge import _stackcache
from tests.bridge.stackcache.resident import resident_bytes

assert _stackcache.install(500)


def burst(count=3000):
    held = [greenlet.greenlet(lambda: greenlet.getcurrent().parent.switch()) for _ in range(count)]
    for each in held:
        each.switch()
    for each in held:
        each.switch()
    assert _stackcache.statistics().cached <= 500


for _ in range(3):
    burst()
before = resident_bytes()
for _ in range(30):
    burst()
print(resident_bytes() - before)
