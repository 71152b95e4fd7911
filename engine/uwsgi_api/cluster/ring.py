"""The queue of ``--queue``, one for all servers; same face as ``engine.uwsgi_api.shared.ring``."""

from __future__ import annotations

from typing import Final

from engine.uwsgi_api.cluster.client import Client
from engine.uwsgi_api.shared.ring import longest_message

__all__ = ["SharedRing"]

# A hash: w and p are the slots that the next push and pull take, s0, s1... the messages.
_PUSH: Final = """
local w = tonumber(redis.call('hget', KEYS[1], 'w') or '0')
local p = tonumber(redis.call('hget', KEYS[1], 'p') or '0')
local following = (w + 1) % tonumber(ARGV[1])
-- A slot that queue_set filled does not make the ring full: this message may be the oldest.
if p == w and redis.call('hexists', KEYS[1], 's' .. w) == 1
    and redis.call('hexists', KEYS[1], 's' .. following) == 1 then
    redis.call('hset', KEYS[1], 'p', following)
end
redis.call('hset', KEYS[1], 's' .. w, ARGV[2])
redis.call('hset', KEYS[1], 'w', following)
return 1
"""
_TAKE: Final = """
local slots = tonumber(ARGV[1])
local place = ARGV[2] == 'oldest' and 'p' or 'w'
local slot = tonumber(redis.call('hget', KEYS[1], place) or '0')
local following = (slot + 1) % slots
if place == 'w' then
    slot = (slot - 1) % slots
    following = slot
end
local message = redis.call('hget', KEYS[1], 's' .. slot)
if message then
    redis.call('hdel', KEYS[1], 's' .. slot)
    redis.call('hset', KEYS[1], place, following)
end
return message
"""
_LAST: Final = """
local slots = tonumber(ARGV[1])
local w = tonumber(redis.call('hget', KEYS[1], 'w') or '0')
local found = {}
for back = 1, tonumber(ARGV[2]) do
    found[back] = redis.call('hget', KEYS[1], 's' .. ((w - back) % slots))
end
return found
"""


class SharedRing:
    """*slots* messages; one that is pushed into a full ring takes the place of the oldest.

    Servers with another number of slots have another queue.
    """

    def __init__(self, slots: int, blocksize: int, client: Client) -> None:
        self.slots = slots
        self._longest = longest_message(blocksize)
        self._client = client
        self._key = client.settings.key("queue", str(slots))

    def push(self, message: bytes) -> bool:
        """Add a message; False if it is too long."""
        if len(message) > self._longest:
            return False
        self._client.run(_PUSH, (self._key,), self.slots, message)
        return True

    def pull(self) -> bytes | None:
        """Take the oldest message."""
        return self._take("oldest")

    def pop(self) -> bytes | None:
        """Take the newest message."""
        return self._take("newest")

    def _take(self, which: str) -> bytes | None:
        message: bytes | None = self._client.run(_TAKE, (self._key,), self.slots, which)
        return message

    def last(self, count: int) -> list[bytes | None]:
        """Return the newest *count* messages, newest first, without taking them."""
        found: list[bytes | None] = self._client.run(_LAST, (self._key,), self.slots, min(count, self.slots))
        return found

    def get(self, slot: int) -> bytes | None:
        """Return the message of a slot without taking it."""
        if not 0 <= slot < self.slots:
            return None
        message: bytes | None = self._client.do("HGET", self._key, f"s{slot}")
        return message

    def set(self, slot: int, message: bytes) -> bool:
        """Put a message into a slot; False if there is no such slot, or it is too long."""
        if not 0 <= slot < self.slots or len(message) > self._longest:
            return False
        self._client.do("HSET", self._key, f"s{slot}", message)
        return True

    def slot(self) -> int:
        """Return the slot that the next push writes."""
        return int(self._client.do("HGET", self._key, "w") or 0)

    def pull_slot(self) -> int:
        """Return the slot that the next pull takes."""
        return int(self._client.do("HGET", self._key, "p") or 0)
