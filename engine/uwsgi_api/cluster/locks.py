"""The locks of ``uwsgi.lock`` between servers; same face as ``engine.uwsgi_api.shared.user_lock``.

First the lock of this server, which the kernel frees with its holder, then the one in Redis.  So at most
one process of each server asks Redis, and whoever has this server's lock may take over what a dead process
of this server has left there.  The caretaker of the server renews the lease while the holder lives, even if
its loop is busy, and ends it soon after the holder's death.  Only when a whole server vanishes do the others
wait for the lease to run out; the fencing number tells storage that its holder is no longer the latest.
"""

from __future__ import annotations

import os
import random
from typing import Final

from bridge.sync import Event
from engine.uwsgi_api.cluster.client import Client
from engine.uwsgi_api.shared.user_lock import UserLock

__all__ = ["RELEASE", "RENEW", "SharedLock"]

_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 0.1

# Take a free lock, or one that a process of this server has left; number it.
_TAKE: Final = """
local holder = redis.call('get', KEYS[1])
if holder and string.sub(holder, 1, #ARGV[2]) ~= ARGV[2] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'PX', ARGV[3])
return redis.call('incr', KEYS[2])
"""
RELEASE: Final = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
"""
RENEW: Final = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end
return 0
"""


class SharedLock:
    """One lock of all servers.

    :param server: identifies this server among those that share
    """

    def __init__(self, here: UserLock, number: int, client: Client, server: str) -> None:
        self._here = here
        self._client = client
        self._server = f"{server}|"
        self._key = client.settings.key("lock", number)
        self._numbers = client.settings.key("fence", number)
        self._holder = ""
        self.fence = 0
        """The fencing number of the last time this process took the lock; each is larger than all before."""

    def acquire(self) -> None:
        """Take the lock, parking the calling greenlet (or thread) until it is free."""
        self._here.acquire()
        try:
            holder = f"{self._server}{os.getpid()}|{random.getrandbits(63)}"
            pause = _FIRST_PAUSE
            while not self._try(holder):
                Event().wait(pause * (0.5 + random.random()))
                pause = min(pause * 2, _LONGEST_PAUSE)
        except BaseException:
            self._here.release()
            raise

    def _try(self, holder: str) -> bool:
        lease = self._client.settings.lease_ms
        number: int = self._client.run(_TAKE, (self._key, self._numbers), holder, self._server, lease)
        if number:
            self._holder, self.fence = holder, number
        return bool(number)

    def release(self) -> None:
        """Let go of the lock; nothing happens if this process does not have it."""
        holder, self._holder = self._holder, ""
        if not holder:
            return
        try:
            self._client.run(RELEASE, (self._key,), holder)
        finally:
            self._here.release()

    def is_locked(self) -> bool:
        """Whether anybody has the lock."""
        return bool(self._client.do("EXISTS", self._key))
