"""What every task and every greenlet of the process is doing, as data and as text.

Nothing here switches, blocks, takes a lock or calls a program's ``__repr__``:
it runs in signal handlers and in foreign threads.

Ranks: ``model`` < ``stacks``, ``references`` < ``heap`` < ``waits`` < ``collect``;
``render`` needs only ``model``, ``part`` needs ``render``.
"""

from bridge._tree.collect import collect
from bridge._tree.part import tree_of
from bridge._tree.render import format_tree, render

__all__ = ["collect", "format_tree", "render", "tree_of"]
