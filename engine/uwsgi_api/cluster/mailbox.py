"""Signals of all servers as two streams: one that every server reads, one that they share as a group."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from engine.signals.targets import Reach, parse_target
from engine.uwsgi_api.cluster.items import Arrived, Raised
from engine.uwsgi_api.cluster.living import is_alive
from engine.uwsgi_api.cluster.locks import RELEASE
from engine.uwsgi_api.cluster.settings import SharedSettings

__all__ = ["Mailbox"]

_GROUP: Final = "servers"
_MOST_KEPT: Final = 100_000  # signals that a server may be behind before it misses some
_ONE: Final = (Reach.ONE, Reach.FARM)
_AT_ONCE: Final = 128
_WAIT_MS: Final = 500
_POSITION_MS: Final = 86_400_000

# Append a batch, once: a batch that is sent again because its answer was lost has the same key.
# ARGV: how long batches are remembered in ms, most entries, then per signal: alone, number, target, claim, ms
_PUBLISH: Final = """
if not redis.call('set', KEYS[1], 1, 'NX', 'PX', ARGV[1]) then return 0 end
for i = 3, #ARGV, 5 do
  if ARGV[i+3] == '' or redis.call('set', KEYS[4] .. ARGV[i+3], 1, 'NX', 'PX', ARGV[i+4]) then
    local stream = KEYS[3]
    if ARGV[i] == '1' then stream = KEYS[2] end
    redis.call('xadd', stream, 'MAXLEN', '~', ARGV[2], '*', 'n', ARGV[i+1], 't', ARGV[i+2])
  end
end
return 1
"""
# ARGV: group, then ids
_ACCEPT: Final = """
redis.call('xack', KEYS[1], unpack(ARGV))
table.remove(ARGV, 1)
return redis.call('xdel', KEYS[1], unpack(ARGV))
"""


class Mailbox:
    """Coroutines for one server's link; errors of the client library go through.

    :param client: ``redis.asyncio.Redis`` with raw answers
    :param server: identifies this server
    """

    def __init__(self, settings: SharedSettings, client: Any, server: str) -> None:
        self._settings = settings
        self._client = client
        self._server = server
        self._one = settings.key("signals", "one")
        self._all = settings.key("signals", "all")
        self._position_key = settings.key("signals", "position", server)
        self._position: bytes | None = None

    async def open(self) -> None:
        """Make what is missing; find where this server was in the stream for everybody."""
        try:
            await self._client.execute_command("XGROUP", "CREATE", self._one, _GROUP, "0", "MKSTREAM")
        except Exception as error:
            if "BUSYGROUP" not in str(error):
                raise
        self._position = await self._client.execute_command("GET", self._position_key)
        if self._position is None:
            latest = await self._client.execute_command("XREVRANGE", self._all, "+", "-", "COUNT", 1)
            self._position = latest[0][0] if latest else b"0-0"
            await self.accept_all(self._position)

    async def publish(self, batch: str, signals: Iterable[Raised]) -> None:
        """Send signals to all servers; any number of times for one *batch*."""
        arguments: list[Any] = []
        for each in signals:
            alone = int(parse_target(each.target).reach in _ONE)
            arguments += (alone, each.number, each.target, each.claim, max(1, each.claim_ms))
        key = self._settings.key
        keys = (
            key("signals", "batch", self._server, batch),
            self._one,
            self._all,
            key("signals", "claim", ""),
        )
        remembered = self._settings.lease_ms * 6
        await self._client.execute_command(
            "EVAL", _PUBLISH, len(keys), *keys, remembered, _MOST_KEPT, *arguments
        )

    # -- the stream that servers share ---------------------------------------------------------

    async def left(self) -> list[Arrived]:
        """Return what this server was given before and did not accept."""
        return await self._group("0", block=False)

    async def left_by_others(self) -> list[Arrived]:
        """Return what servers that are no more did not accept."""
        answer = await self._client.execute_command(
            "XAUTOCLAIM", self._one, _GROUP, self._server, self._settings.lease_ms, "0-0", "COUNT", _AT_ONCE
        )
        return list(_signals(answer[1], alone=True))

    async def next(self) -> list[Arrived]:
        """Wait a moment for signals that no other server gets."""
        return await self._group(">", block=True)

    async def _group(self, start: str, block: bool) -> list[Arrived]:
        wait = ("BLOCK", _WAIT_MS) if block else ()
        answer = await self._client.execute_command(
            "XREADGROUP", "GROUP", _GROUP, self._server, "COUNT", _AT_ONCE, *wait, "STREAMS", self._one, start
        )
        return list(_signals(answer[0][1], alone=True)) if answer else []

    async def accept(self, signals: Iterable[Arrived]) -> None:
        """This server has them."""
        entries = [f"{first}-{second}" for first, second in (each.entry for each in signals)]
        await self._client.execute_command("EVAL", _ACCEPT, 1, self._one, _GROUP, *entries)

    # -- the stream for everybody ---------------------------------------------------------------

    async def next_of_all(self) -> list[Arrived]:
        """Wait a moment for signals that every server gets."""
        answer = await self._client.execute_command(
            "XREAD", "COUNT", _AT_ONCE, "BLOCK", _WAIT_MS, "STREAMS", self._all, self._position
        )
        return list(_signals(answer[0][1], alone=False)) if answer else []

    async def accept_all(self, position: bytes) -> None:
        """This server has everything up to *position*, in the stream for everybody."""
        self._position = position
        await self._client.execute_command("SET", self._position_key, position, "PX", _POSITION_MS)

    async def take_over(self, holder: str) -> None:
        """Wait until no other link works for this server, as after a reload."""
        key = self._settings.key("link", self._server)
        lease = self._settings.lease_ms
        while True:
            if await self._client.execute_command("SET", key, holder, "NX", "PX", lease) is not None:
                return
            before: bytes = await self._client.execute_command("GET", key) or b"|0"
            if not is_alive(int(before.rpartition(b"|")[2])):
                await self._client.execute_command("EVAL", RELEASE, 1, key, before)
            else:
                await asyncio.sleep(0.02)

    async def stay(self, holder: str) -> None:
        """Say that this link works."""
        key = self._settings.key("link", self._server)
        await self._client.execute_command("SET", key, holder, "PX", self._settings.lease_ms)

    async def leave(self) -> None:
        """Let the next link work."""
        await self._client.execute_command("DEL", self._settings.key("link", self._server))


def _signals(entries: Any, alone: bool) -> Iterable[Arrived]:
    for entry in entries:
        if entry is None or entry[1] is None:
            continue
        first, _, second = entry[0].partition(b"-")
        _, number, _, target = entry[1]
        yield Arrived((int(first), int(second)), alone, int(number), target.decode())
