"""One running request from inside: its greenlet or task, and all that it waits for."""

from __future__ import annotations

import os
import sysconfig
import time
from typing import Any, Final

import bridge
from engine.cores.runner import Runner

__all__ = ["request_tree"]

_LIBRARIES: Final = tuple(
    os.path.join(directory, "")
    for directory in (
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
        os.path.dirname(os.path.abspath(bridge.__file__)),
    )
)


def request_tree(runner: Runner, core: int) -> dict[str, Any] | None:
    """Return the request on *core*, as data for ``json``; None if there is none.

    Call in the loop's thread.  Lines of a stack that are not the application's are marked ``library``.
    """
    exchange: Any = runner.pool.running.get(core)
    if exchange is None:
        return None
    who = runner.greenlets[core]
    task = getattr(who, "task", None)  # of an ASGI request (engine.cores.tasks)
    who = who if task is None else task
    return {
        "method": exchange.method,
        "uri": exchange.uri,
        "protocol": exchange.protocol,
        "client": exchange.remote_addr,
        "core": core,
        "task": task is not None,
        "started_at": exchange.started_at,
        "seconds": time.monotonic() - exchange.started_clock,
        "tree": _marked(bridge.tree_of(who)),
    }


def _marked(node: dict[str, Any] | None) -> dict[str, Any] | None:
    for frame in () if node is None else node["stack"]:
        file = frame["file"]
        # What was compiled says where its source lay when it was made.
        frame["library"] = not os.path.isabs(file) or file.startswith(_LIBRARIES)
    for each in () if node is None else node["waits_for"]:
        _marked(each)
    return node
