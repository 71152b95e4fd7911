"""What the statistics show of things that processes share: caches, locks (uWSGI docs, StatsServer)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.uwsgi_api.shared.cache import Cache
from engine.uwsgi_api.store import Store

__all__ = ["cache_figures", "lock_figures"]


def cache_figures(store: Store) -> list[Mapping[str, Any]]:
    """Return figures of each cache; without those that several servers share, which Redis looks after."""
    found: list[Mapping[str, Any]] = []
    for cache in store.caches.values():
        if isinstance(cache, Cache):
            counts, settings = cache.statistics(), cache.settings
            found.append(
                {
                    "name": settings.name,
                    "hash": "crc32",
                    "hashsize": settings.buckets(),
                    "keysize": settings.keysize,
                    "max_items": settings.items,
                    "blocks": settings.items,
                    "blocksize": settings.blocksize,
                    "items": counts["items"],
                    "hits": counts["hits"],
                    "miss": counts["miss"],
                    "full": counts["full"],
                    "last_modified_at": counts["changed"],
                }
            )
    return found


def lock_figures(store: Store) -> list[Mapping[str, Any]]:
    """Return name and value of locks; of those that applications take 1 if somebody has it.

    uWSGI shows the process id of the holder; the kernel does not tell who has a lock of this kind.  The
    others are held for microseconds.
    """
    users = [
        {"name": f"user {number}", "value": int(lock.is_locked())}
        for number, lock in enumerate(store.own_locks)
    ]
    queue = [{"name": "queue", "value": 0}] if store.queue is not None else []
    areas = [
        {"name": f"sharedarea{number}", "value": int(area.lock.is_locked())}
        for number, area in enumerate(store.areas)
    ]
    return [*users, *queue, *areas, *({"name": f"cache_{name}", "value": 0} for name in store.caches)]
