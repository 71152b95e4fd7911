"""What all groups of functions on shared memory start from: the store, where this platform has one."""

from __future__ import annotations

import sys

from engine.uwsgi_api.instance import Instance
from engine.uwsgi_api.store import Store

__all__ = ["StoreCalls"]


class StoreCalls:
    """The base of groups whose functions work on what processes share."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def _store(self) -> Store:
        store: Store | None = self._instance.store
        if store is None:
            raise NotImplementedError(f"memory shared between processes needs Linux, not {sys.platform}")
        return store
