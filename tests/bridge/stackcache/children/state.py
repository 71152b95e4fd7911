"""Print what a program sees after install(), with the compiled part blocked on request."""

import os
import sys

if os.environ.get("STACKCACHE_TEST_BLOCK"):
    sys.modules["bridge._stackcache._native"] = None  # import raises ImportError

from bridge import _stackcache

_stackcache.install()
now = _stackcache.statistics()
print(f"available={_stackcache.available()} installed={now.installed} capacity={now.capacity}")
