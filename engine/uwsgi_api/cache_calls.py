"""Functions on caches: of this server, of several servers together, of another server."""

from __future__ import annotations

from collections.abc import Callable

from engine.uwsgi_api.cluster.caches import SharedCache
from engine.uwsgi_api.numbers import quotient
from engine.uwsgi_api.public import public
from engine.uwsgi_api.remote_cache import RemoteCache
from engine.uwsgi_api.shared.cache import Cache
from engine.uwsgi_api.store_calls import StoreCalls
from engine.uwsgi_api.texts import to_bytes

__all__ = ["CacheCalls"]


class CacheCalls(StoreCalls):
    """Caches"""

    def _cache(self, name: str | bytes | None) -> Cache | SharedCache | RemoteCache | None:
        text = name.decode() if isinstance(name, bytes) else name
        if text is not None and "@" in text:
            there, _, node = text.partition("@")
            return RemoteCache(there, node, self._instance.log)
        caches = self._store().caches
        if text is None:
            if not caches and not self._instance.warned_of_cache:
                self._instance.warned_of_cache = True
                self._instance.log(
                    "uwsgi.cache_* is called, but there is no cache: give --cache2 name=x,items=N"
                )
            return next(iter(caches.values()), None)
        return caches.get(text)

    @public("P1", differs="of another server (name@host:port) it parks the calling greenlet only")
    def cache_get(self, key: str | bytes, cache: str | None = None, /) -> bytes | None:
        """The value of a key, or None."""
        found = self._cache(cache)
        return None if found is None else found.get(to_bytes(key, "key"))

    @public("P1")
    def cache_set(
        self, key: str | bytes, value: str | bytes, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Set a key that is not there yet, for *expires* seconds or for ever; None if it is there."""
        return self._put(key, value, expires, cache, replace=False)

    @public("P1")
    def cache_update(
        self, key: str | bytes, value: str | bytes, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Set a key, whether it is there or not."""
        return self._put(key, value, expires, cache, replace=True)

    def _put(
        self, key: str | bytes, value: str | bytes, expires: int, cache: str | None, replace: bool
    ) -> bool | None:
        found = self._cache(cache)
        if found is None:
            return None
        return found.put(to_bytes(key, "key"), to_bytes(value, "value"), expires, replace) or None

    @public("P1")
    def cache_del(self, key: str | bytes, cache: str | None = None, /) -> bool | None:
        """Forget a key; None if there was none."""
        found = self._cache(cache)
        return None if found is None else found.delete(to_bytes(key, "key")) or None

    @public("P1")
    def cache_exists(self, key: str | bytes, cache: str | None = None, /) -> bool | None:
        """True if a key is there, else None."""
        found = self._cache(cache)
        return None if found is None else found.exists(to_bytes(key, "key")) or None

    @public("P1")
    def cache_clear(self, cache: str | None = None, /) -> bool | None:
        """Forget everything."""
        found = self._cache(cache)
        if found is None:
            return None
        found.clear()
        return True

    @public("P1")
    def cache_keys(self, cache: str | None = None, /) -> list[bytes]:
        """All keys."""
        found = self._cache(cache)
        if found is None:
            raise ValueError("no local uWSGI cache available")
        return found.keys()

    @public("P1")
    def cache_num(self, key: str | bytes, cache: str | None = None, /) -> int:
        """The number that ``cache_inc`` and so on made; 0 if there is none."""
        found = self._cache(cache)
        return 0 if found is None else found.number(to_bytes(key, "key"))

    def _change(
        self, key: str | bytes, how: Callable[[int], int], expires: int, cache: str | None
    ) -> bool | None:
        found = self._cache(cache)
        return None if found is None else found.change(to_bytes(key, "key"), how, expires) or None

    @public("P1", differs="not of another server, where uWSGI overwrites the number")
    def cache_inc(
        self, key: str | bytes, n: int = 1, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Add to a number, in one step."""
        found = self._cache(cache)
        return None if found is None else found.add(to_bytes(key, "key"), n, expires) or None

    @public("P1")
    def cache_dec(
        self, key: str | bytes, n: int = 1, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Take from a number, in one step."""
        found = self._cache(cache)
        return None if found is None else found.add(to_bytes(key, "key"), -n, expires) or None

    @public("P1")
    def cache_mul(
        self, key: str | bytes, n: int = 2, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Multiply a number, in one step."""
        return self._change(key, lambda before: before * n, expires, cache)

    @public("P1")
    def cache_div(
        self, key: str | bytes, n: int = 2, expires: int = 0, cache: str | None = None, /
    ) -> bool | None:
        """Divide a number, in one step, towards 0; by 0 it becomes 0."""
        return self._change(key, lambda before: quotient(before, n) if n else 0, expires, cache)
