"""What one task or greenlet does, with everything it waits for, as plain data."""

from __future__ import annotations

import asyncio
import linecache
from typing import Any, Final

from greenlet import greenlet

from bridge._tree.collect import collect
from bridge._tree.model import Node, Picture
from bridge._tree.render import state_text

__all__ = ["tree_of"]

_MOST_NODES: Final = 500
_MOST_FRAMES: Final = 100  # of one node, the innermost


class _Part:
    """The part of a picture below one node, in the making."""

    def __init__(self, picture: Picture) -> None:
        self._nodes = picture.nodes
        self._shown: set[int] = set()

    def below(self, node: Node) -> dict[str, Any]:
        """Return *node* and what it waits for; a node that was shown before comes without its stack."""
        repeated = node.key in self._shown
        self._shown.add(node.key)
        targets = [] if repeated else [self._nodes.get(wait.node or 0) for wait in node.waits]
        return {
            "id": node.key,
            "kind": node.kind.value,
            "label": node.label,
            "state": state_text(node),
            "notes": list(node.notes),
            "repeated": repeated,
            "stack": [] if repeated else _frames(node),
            "waits_for": [
                self.below(each) for each in targets if each is not None and len(self._shown) < _MOST_NODES
            ],
        }


def _frames(node: Node) -> list[dict[str, Any]]:
    return [
        {
            "file": frame.file,
            "line": frame.line,
            "function": frame.function,
            "text": linecache.getline(frame.file, frame.line).strip(),
        }
        for frame in node.stack[-_MOST_FRAMES:]
    ]


def tree_of(who: asyncio.Task[Any] | greenlet) -> dict[str, Any] | None:
    """Return what *who* does, waits for and stands at, as data for ``json``.

    None if it has not begun or is over.

    The keys are ``id``, ``kind`` (``"Task"`` or ``"Greenlet"``), ``label``, ``state`` (``"waiting for
    timer, 4.99 s left"``), ``notes``, ``stack`` (``file``, ``line``, ``function``, ``text``; outermost
    first), ``repeated`` (its stack stands where it was shown first) and ``waits_for``: the tasks and
    greenlets below it, in the same form.

    From any thread.  Costs what :func:`format_tree` costs: each object of the process is looked at once.
    """
    picture = collect()
    node = picture.nodes.get(id(who))
    return None if node is None else _Part(picture).below(node)
