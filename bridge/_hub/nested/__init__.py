"""asyncio loops that run inside ordinary greenlets, any number at once.

Such a loop does not poll.  Where asyncio would block in its selector, the
greenlet parks like any other, with gevent watchers on the loop's descriptors,
and whoever hosts the thread polls for everybody.

uvloop polls in C and cannot be told to park.

Ranks: ``place`` and ``slots`` < ``selector`` < ``loop`` < ``run`` < ``install``.
"""

from __future__ import annotations

from bridge._hub.nested.install import install_nested_loops
from bridge._hub.nested.loop import NestedLoop
from bridge._hub.nested.place import in_nested_place
from bridge._hub.nested.run import is_nested, must_nest, run_nested

__all__ = [
    "NestedLoop",
    "in_nested_place",
    "install_nested_loops",
    "is_nested",
    "must_nest",
    "run_nested",
]
