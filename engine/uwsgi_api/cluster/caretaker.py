"""Keeps what living processes of this server hold in Redis, and gives up what dead ones held."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

from engine.uwsgi_api.cluster.living import is_alive
from engine.uwsgi_api.cluster.locks import RELEASE, RENEW
from engine.uwsgi_api.cluster.settings import SharedSettings
from engine.uwsgi_api.cluster.tasks import GROUP, LAST
from engine.uwsgi_api.shared.user_lock import UserLock

__all__ = ["Caretaker", "consumer_name"]

_MOST: Final = 100


def consumer_name(server: str) -> str:
    """Return what a spooler of this process is called in the group."""
    return f"{server}|{os.getpid()}"


class Caretaker:
    """Lives in the link.

    :param locks: this server's own locks; the kernel knows whether somebody has one
    :param spools: names of the spools that this server runs
    """

    def __init__(
        self,
        settings: SharedSettings,
        client: Any,
        server: str,
        locks: Sequence[UserLock],
        spools: Sequence[str],
    ) -> None:
        self._settings = settings
        self._client = client
        self._mine = f"{server}|"
        self._locks = locks
        self._spools = spools

    async def look(self) -> None:
        """Look after everything once; call several times per lease."""
        for number, lock in enumerate(self._locks):
            await self._look_at_lock(number, lock)
        for name in self._spools:
            for priority in await self._do("SMEMBERS", self._settings.key("spool", name, "priorities")):
                stream = self._settings.key("spool", name, "queue", priority.decode() or LAST)
                await self._look_at_tasks(stream)

    async def _look_at_lock(self, number: int, lock: UserLock) -> None:
        key = self._settings.key("lock", number)
        holder = await self._do("GET", key)
        if holder is None or not holder.startswith(self._mine.encode()):
            return
        if lock.is_locked():
            await self._do("EVAL", RENEW, 1, key, holder, self._settings.lease_ms)
        else:
            await self._do("EVAL", RELEASE, 1, key, holder)

    async def _look_at_tasks(self, stream: str) -> None:
        for consumer in await self._consumers(stream):
            if not consumer.startswith(self._mine):
                continue
            pending = await self._do("XPENDING", stream, GROUP, "-", "+", _MOST, consumer)
            ids = [entry[0] for entry in pending]
            alive = is_alive(int(consumer.removeprefix(self._mine)))
            if ids and alive:
                await self._do("XCLAIM", stream, GROUP, consumer, 0, *ids, "JUSTID")
            elif ids:
                lease = self._settings.lease_ms
                await self._do("XCLAIM", stream, GROUP, consumer, 0, *ids, "IDLE", lease, "JUSTID")
            elif not alive:
                await self._do("XGROUP", "DELCONSUMER", stream, GROUP, consumer)

    async def _consumers(self, stream: str) -> list[str]:
        try:
            found = await self._do("XINFO", "CONSUMERS", stream, GROUP)
        except Exception as error:
            if "NOGROUP" in str(error) or "no such key" in str(error):
                return []
            raise
        return [dict(zip(each[::2], each[1::2], strict=True))[b"name"].decode() for each in found]

    async def _do(self, *command: Any) -> Any:
        return await self._client.execute_command(*command)
