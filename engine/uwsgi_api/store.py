"""What the options say is shared between the processes; made before the fork."""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.errors import ConfigError
from engine.uwsgi_api.cluster.caches import SharedCache
from engine.uwsgi_api.cluster.client import Client
from engine.uwsgi_api.cluster.locks import SharedLock
from engine.uwsgi_api.cluster.ring import SharedRing
from engine.uwsgi_api.cluster.settings import SharedSettings
from engine.uwsgi_api.cluster.tasks import SharedSpool
from engine.uwsgi_api.helpers.spool import Spool
from engine.uwsgi_api.keyvals import Options, keyvals, number
from engine.uwsgi_api.shared.cache import Cache, CacheSettings
from engine.uwsgi_api.shared.metrics import Metrics, metrics_size
from engine.uwsgi_api.shared.range_lock import Guard, LockFile
from engine.uwsgi_api.shared.ring import Ring, ring_size
from engine.uwsgi_api.shared.segments import Segment, Segments
from engine.uwsgi_api.shared.user_lock import UserLock

__all__ = ["Area", "Sharing", "Store", "check_options"]

# Bytes of the lock segment: user locks from 0, those of areas and tables above.
_AREA_LOCKS: Final = 1_000_000
_GUARDS: Final = 2_000_000
_SERVER_NAME: Final = 256  # bytes

_CACHE_KEYS: Final = frozenset(
    {"name", "items", "maxitems", "max_items", "blocksize", "keysize", "purge_lru", "store", "bitmap"}
    # Without effect here: where items go, how they are found, and what is logged.
    | {"blocks", "hash", "hashsize", "ignore_full", "lastmod", "storesync", "store_sync"}
)
_COPYING_KEYS: Final = frozenset(
    {"sync", "nodes", "udp", "udp_servers", "udp_server", "udpservers", "udpserver", "udp_node", "udp_nodes"}
)
_UNITS: Final = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Area:
    """One ``--sharedarea``."""

    def __init__(self, segment: Segment, lock: UserLock) -> None:
        self.memory = segment.memory
        self.size = segment.size
        self.lock = lock


@dataclass(frozen=True, slots=True)
class Sharing:
    """What is needed to share with other servers.

    :param server: identifies this server among them, also after a reload
    """

    settings: SharedSettings
    client: Client
    server: str


class Store:
    """Locks, caches, the queue, shared areas and metrics of one server.

    :param opt: ``uwsgi.opt``
    :raises ConfigError: if an option makes no sense
    :raises NotImplementedError: where processes cannot share memory like this
    """

    def __init__(self, opt: Mapping[str, Any]) -> None:
        options = Options(opt)
        self.segments = Segments()
        self._file = LockFile(self.segments.get("locks", mmap.PAGESIZE))
        self._guards = 0
        self.shared = self._sharing(SharedSettings.of(opt))
        self.own_locks = [
            # As in uWSGI, number 0 is always there.
            UserLock(self._file, index)
            for index in range(1 + options.number(0, "locks", "lock"))
        ]
        self.locks: list[UserLock | SharedLock] = [
            lock if self.shared is None else SharedLock(lock, index, self.shared.client, self.shared.server)
            for index, lock in enumerate(self.own_locks)
        ]
        self.caches = self._caches(options)
        self.queue = self._queue(options)
        _refuse_shared_areas(options)
        self.areas = [self._area(index, text) for index, text in enumerate(options.texts("sharedarea"))]
        self.area_guard = self._guard()
        self.metrics = Metrics(self.segments.get("metrics", metrics_size()), self._guard())
        self.rpc_most = options.number(64, "rpc-max")

    def _guard(self) -> Guard:
        self._guards += 1
        return Guard(self._file, _GUARDS + self._guards)

    def _sharing(self, settings: SharedSettings | None) -> Sharing | None:
        if settings is None:
            return None
        memory = self.segments.get("server", _SERVER_NAME).memory
        name = memory[:].rstrip(b"\0").decode()
        if not name:
            name = f"{os.uname().nodename}-{os.urandom(6).hex()}"
            memory[: len(name)] = name.encode()
        return Sharing(settings, Client(settings), name)

    def spool(self, directory: str) -> Spool | SharedSpool:
        """Return the spool of a ``--spooler``."""
        if self.shared is None:
            return Spool(directory)
        return SharedSpool(os.path.basename(directory), self.shared.client)

    def _caches(self, options: Options) -> dict[str, Cache | SharedCache]:
        made: dict[str, Cache | SharedCache] = {}
        for each in _all_caches(options):
            if self.shared is not None:
                made[each.name] = SharedCache(each, self.shared.client)
                continue
            segment = self.segments.get(f"cache-{each.name}", each.size(), each.store)
            made[each.name] = Cache(each, segment, self._guard())
        return made

    def _queue(self, options: Options) -> Ring | SharedRing | None:
        slots, blocksize = options.number(0, "queue"), options.number(8192, "queue-blocksize")
        if not slots:
            return None
        if self.shared is not None:
            return SharedRing(slots, blocksize, self.shared.client)
        path = (options.texts("queue-store") or [""])[-1]
        segment = self.segments.get("queue", ring_size(slots, blocksize), path)
        return Ring(slots, blocksize, segment, self._guard())

    def _area(self, index: int, text: str) -> Area:
        segment = self.segments.get(f"area-{index}", _area_size(text))
        return Area(segment, UserLock(self._file, _AREA_LOCKS + index))


def check_options(opt: Mapping[str, Any]) -> None:
    """Read what options say of caches, the queue and areas; make nothing.

    :param opt: ``uwsgi.opt``
    :raises ConfigError: if one makes no sense
    """
    options = Options(opt)
    _all_caches(options)
    for text in options.texts("sharedarea"):
        _area_size(text)
    for name in ("queue", "queue-blocksize", "locks", "lock", "rpc-max"):
        options.number(0, name)
    if SharedSettings.of(opt) is not None:
        _refuse_shared_areas(options)


def _refuse_shared_areas(options: Options) -> None:
    if "sharedarea" in options and "shared" in options:
        raise ConfigError(
            "--sharedarea is memory of one machine, which --shared cannot share with other servers: keep "
            "what is in it in a cache (uwsgi.cache_inc counts in one step), or leave one of the two out"
        )


def _all_caches(options: Options) -> list[CacheSettings]:
    settings = [
        CacheSettings("default", number("cache", text)) for text in options.texts("cache") if text != "0"
    ]
    settings += [_cache_settings(text) for text in options.texts("cache2")]
    for each in settings:
        if sum(each.name == other.name for other in settings) > 1:
            raise ConfigError(f"--cache2: two caches are called {each.name!r}")
    return settings


def _cache_settings(text: str) -> CacheSettings:
    values = keyvals("cache2", text, _CACHE_KEYS | _COPYING_KEYS)
    copying = sorted(_COPYING_KEYS & values.keys())
    if copying:
        raise ConfigError(
            f"--cache2 {text}: {copying[0]} copies a cache between servers, which is not supported; share "
            "it with --shared redis://HOST, or ask the other server: uwsgi.cache_get(key, 'name@host:port')"
        )
    if "name" not in values:
        raise ConfigError(f"--cache2 {text}: give the cache a name, as in name=pages,items=1000")
    items = values.get("items") or values.get("maxitems") or values.get("max_items") or "0"
    if number("cache2", items) < 1:
        raise ConfigError(f"--cache2 {text}: say how many items, as in name=pages,items=1000")
    if values.get("bitmap", "0") != "0":
        raise ConfigError(
            f"--cache2 {text}: bitmap mode is not supported; raise blocksize instead, "
            "which costs only the memory that values use"
        )
    return CacheSettings(
        values["name"],
        number("cache2", items),
        number("cache2", values.get("blocksize", "65536")),
        number("cache2", values.get("keysize", "2048")),
        values.get("purge_lru", "0") != "0",
        values.get("store", ""),
    )


def _area_size(text: str) -> int:
    if "=" in text:
        values = keyvals("sharedarea", text, frozenset({"pages", "size"}))
        text = values.get("size") or values.get("pages", "")
        if "size" in values:
            return max(1, number("sharedarea", text))
    unit = _UNITS.get(text[-1:].lower())
    if unit is not None:
        return max(1, number("sharedarea", text[:-1]) * unit)
    return max(1, number("sharedarea", text)) * mmap.PAGESIZE
