"""A cache of ``--cache2`` that all servers share; same face as ``engine.uwsgi_api.shared.cache``."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from engine.uwsgi_api.cluster.client import Client
from engine.uwsgi_api.numbers import NUMBER_SIZE, number_in, to_value
from engine.uwsgi_api.shared.cache import CacheSettings

__all__ = ["SharedCache"]

_PAGE: Final = 500  # keys per step of a scan

# Replace a value unless somebody else has done so meanwhile; "" as the value before means none.
_SWAP: Final = """
local now = redis.call('get', KEYS[1]) or ''
if now ~= ARGV[1] then return 0 end
if ARGV[3] == '0' then redis.call('set', KEYS[1], ARGV[2])
else redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
"""
# Add to a 64-bit number. Lua's numbers are doubles, so it is done in halves of 32 bits.
_ADD: Final = """
local before = redis.call('get', KEYS[1])
local low, high = 0, 0
if before and #before == 8 then low, high = struct.unpack('<I4I4', before) end
local l, h = struct.unpack('<I4I4', ARGV[1])
low = low + l
high = (high + h + math.floor(low / 4294967296)) % 4294967296
local after = struct.pack('<I4I4', low % 4294967296, high)
if ARGV[2] == '0' then redis.call('set', KEYS[1], after)
else redis.call('set', KEYS[1], after, 'PX', ARGV[2]) end
return 1
"""


class SharedCache:
    """Keys with a prefix.  How many fit, and what goes when there are too many, is for Redis to say."""

    def __init__(self, settings: CacheSettings, client: Client) -> None:
        self.settings = settings
        self._client = client
        self._prefix = client.settings.key("cache", settings.name, "").encode()

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key; None if there is none."""
        value: bytes | None = self._client.do("GET", self._prefix + key)
        return value

    def put(self, key: bytes, value: bytes, expires: float = 0, replace: bool = False) -> bool:
        """Set a key; False if it exists and is not to be replaced, or is too large.

        :param expires: seconds from now; 0 means never
        """
        if not self.settings.takes(key, len(value)):
            return False
        how = () if replace else ("NX",)
        until = ("PX", int(expires * 1000)) if expires > 0 else ()
        return self._client.do("SET", self._prefix + key, value, *how, *until) is not None

    def delete(self, key: bytes) -> bool:
        """Forget a key; False if there was none."""
        return bool(self._client.do("DEL", self._prefix + key))

    def exists(self, key: bytes) -> bool:
        """Whether a key has a value."""
        return bool(self._client.do("EXISTS", self._prefix + key))

    def add(self, key: bytes, n: int, expires: float = 0) -> bool:
        """Add to a 64-bit number in one step; a key that is missing counts as 0."""
        if not self.settings.takes(key, NUMBER_SIZE):
            return False
        amount = struct.pack("<Q", n % (1 << 64))
        self._client.do("EVAL", _ADD, 1, self._prefix + key, amount, _milliseconds(expires))
        return True

    def change(self, key: bytes, how: Callable[[int], int], expires: float = 0) -> bool:
        """Change a 64-bit number in one step; a key that is missing counts as 0."""
        if not self.settings.takes(key, NUMBER_SIZE):
            return False
        name = self._prefix + key
        while True:
            before: bytes = self._client.do("GET", name) or b""
            after = to_value(how(number_in(before)))
            if self._client.do("EVAL", _SWAP, 1, name, before, after, _milliseconds(expires)):
                return True

    def number(self, key: bytes) -> int:
        """Return a number that was made by :meth:`change`; 0 if there is none."""
        return number_in(self.get(key) or b"")

    def keys(self) -> list[bytes]:
        """Return all keys."""
        found: set[bytes] = set()
        cursor = b"0"
        pattern = b"".join(b"\\" + bytes((c,)) if c in b"*?[]\\^" else bytes((c,)) for c in self._prefix)
        while True:
            cursor, page = self._client.do("SCAN", cursor, "MATCH", pattern + b"*", "COUNT", _PAGE)
            found.update(page)
            if cursor == b"0":
                return [name.removeprefix(self._prefix) for name in found]

    def clear(self) -> None:
        """Forget everything; not in one step."""
        names = [self._prefix + key for key in self.keys()]
        for start in range(0, len(names), _PAGE):
            self._client.do("UNLINK", *names[start : start + _PAGE])


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000) if seconds > 0 else 0
