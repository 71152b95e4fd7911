"""Use the cache from interpreters that come and go, one after another and side by side."""

import sys
import threading

from bridge import _stackcache

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

# The bridge itself needs gevent, which refuses sub-interpreters, so load only the compiled module there.
NATIVE = sys.modules["bridge._stackcache._native"].__file__
CODE = f"""
import importlib.machinery, importlib.util
loader = importlib.machinery.ExtensionFileLoader("_native", {NATIVE!r})
spec = importlib.util.spec_from_file_location("_native", loader=loader)
native = importlib.util.module_from_spec(spec)
loader.exec_module(native)
assert native.install(100)
def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)
for _ in range(200):
    assert deep(400) == 400
assert native.counters()[0]
"""


def use_one():
    interpreter = interpreters.create()
    failure = interpreters.run_string(interpreter, CODE)
    assert failure is None, failure
    interpreters.destroy(interpreter)


assert _stackcache.install()
for _ in range(5):
    use_one()
threads = [threading.Thread(target=use_one) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
now = _stackcache.statistics()
assert now.installed
assert now.capacity == 100
assert now.cached <= 100
print("ok")
