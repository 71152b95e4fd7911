"""This server's link to the others: the only process of it that waits for Redis on behalf of all."""

from __future__ import annotations

import asyncio
import importlib
import os
import struct
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from engine.uwsgi_api.cluster.caretaker import Caretaker
from engine.uwsgi_api.cluster.client import new_async_client
from engine.uwsgi_api.cluster.items import (
    ACCEPTED,
    BATCH,
    DELIVER,
    FULL,
    PUBLISHED,
    RAISE,
    ROOM,
    Arrived,
    decode_raised,
)
from engine.uwsgi_api.cluster.mailbox import Mailbox
from engine.uwsgi_api.cluster.settings import SharedSettings
from engine.uwsgi_api.shared.user_lock import UserLock

__all__ = ["Link"]

_QUIET: Final = 0.3  # seconds without a word of the master, after which a link that is to end may
_LOOKS: Final = 4  # of the caretaker, per lease
_PAUSE: Final = 0.5  # seconds until Redis is tried again
_LAST_ANSWERS: Final = 1.0  # seconds for the master to accept what it was given
_DELIVERY: Final = struct.Struct("!I")


class Link:
    """Use once: make it in the loop, await :meth:`run`.

    :param send: takes a message to the master's uplink
    """

    def __init__(
        self,
        settings: SharedSettings,
        server: str,
        locks: Sequence[UserLock],
        spools: Sequence[str],
        send: Callable[[bytes], bool],
        log: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._send = send
        self._log = log
        self._me = f"{server}|{os.getpid()}"
        client = self._client = new_async_client(settings)
        self._mailbox = Mailbox(settings, client, server)
        self._caretaker = Caretaker(settings, client, server, locks, spools)
        self._raised: deque[bytes] = deque()
        self._something = asyncio.Event()
        self._stopping = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._heard = 0.0
        self._batches = 0
        self._accepted: dict[int, asyncio.Future[None]] = {}
        self._is_down = False
        self._looks_back = True
        self._look_at_others = 0.0

    # -- the master's side ----------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """A message of the uplink; call in the loop."""
        self._heard = time.monotonic()
        if data[:1] == RAISE:
            self._raised.append(data)
            self._something.set()
        elif data[:1] == FULL:
            self._room.clear()
        elif data[:1] == ROOM:
            self._room.set()
        elif data[:1] == ACCEPTED:
            waiting = self._accepted.pop(_DELIVERY.unpack_from(data, 1)[0], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

    def stop(self) -> None:
        """End once everything that the master said is sent; call in the loop."""
        self._heard = time.monotonic()
        self._stopping.set()
        self._something.set()
        self._room.set()

    async def run(self) -> None:
        """Work until :meth:`stop`."""
        try:
            if not await self._until_stopped(self._persist(self._begin)):
                return
            self._log(f"linked to the servers of {self._settings.name!r} at {self._settings.url}")
            readers = [
                asyncio.ensure_future(self._for_ever(work))
                for work in (self._read_one, self._read_all, self._care)
            ]
            try:
                await self._publish()
                # What the master has accepted must not come again.
                await asyncio.wait(readers, timeout=_LAST_ANSWERS)
            finally:
                for reader in readers:
                    reader.cancel()
                await asyncio.wait(readers)
            await self._mailbox.leave()
        except self._failures:
            pass  # the lease runs out
        finally:
            await self._client.aclose(close_connection_pool=True)

    async def _until_stopped(self, work: Awaitable[None]) -> bool:
        """Whether *work* ended before this link was told to."""
        tasks = [asyncio.ensure_future(work), asyncio.ensure_future(self._stopping.wait())]
        done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in rest:
            task.cancel()
        await asyncio.wait(tasks)
        return tasks[0] in done

    async def _begin(self) -> None:
        await self._mailbox.take_over(self._me)
        await self._mailbox.open()

    # -- when Redis does not answer ----------------------------------------------------------

    @property
    def _failures(self) -> tuple[type[Exception], ...]:
        errors: Any = importlib.import_module("redis.exceptions")
        return (errors.RedisError, OSError)

    async def _persist(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do *work* until it succeeds."""
        while True:
            try:
                await work()
            except self._failures as error:
                if not self._is_down:
                    self._is_down = True
                    self._log(f"--shared {self._settings.url} does not answer: {error}; what is shared waits")
                await asyncio.sleep(_PAUSE)
                if "NOGROUP" in str(error):
                    await self._persist(self._mailbox.open)  # somebody has emptied the database
            else:
                if self._is_down:
                    self._is_down = False
                    self._log(f"--shared {self._settings.url} answers again")
                return

    async def _for_ever(self, work: Callable[[], Awaitable[None]]) -> None:
        while not self._stopping.is_set():
            await self._persist(work)

    # -- out -----------------------------------------------------------------------------------

    async def _publish(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._raised:
                await self._publish_batch(self._raised[0])
                self._raised.popleft()
            if self._stopping.is_set():
                if time.monotonic() - self._heard >= _QUIET:
                    return
                await asyncio.sleep(_QUIET / 4)
                self._something.set()

    async def _publish_batch(self, data: bytes) -> None:
        made, number = BATCH.unpack_from(data, 1)
        signals = list(decode_raised(data, 1 + BATCH.size))
        await self._persist(lambda: self._mailbox.publish(f"{made}-{number}", signals))
        self._send(PUBLISHED + BATCH.pack(made, number))

    # -- in --------------------------------------------------------------------------------------

    async def _read_one(self) -> None:
        await self._room.wait()
        signals = await self._next_signals()
        if signals and not self._stopping.is_set():
            looks_back, self._looks_back = self._looks_back, True  # unless the next line succeeds
            await self._deliver(signals)
            await self._mailbox.accept(signals)
            self._looks_back = looks_back

    async def _next_signals(self) -> list[Arrived]:
        if self._looks_back:
            left = await self._mailbox.left()
            if left:
                return left
            self._looks_back = False
        now = time.monotonic()
        if now >= self._look_at_others:
            left = await self._mailbox.left_by_others()
            if left:
                return left
            self._look_at_others = now + min(1.0, self._settings.lease / _LOOKS)
        return await self._mailbox.next()

    async def _read_all(self) -> None:
        await self._room.wait()
        signals = await self._mailbox.next_of_all()
        if signals and not self._stopping.is_set():
            await self._deliver(signals)
            await self._mailbox.accept_all(b"%d-%d" % signals[-1].entry)

    async def _deliver(self, signals: list[Arrived]) -> None:
        """Return when the master has routed them."""
        self._batches += 1
        number = self._batches & 0xFFFFFFFF
        accepted = self._accepted[number] = asyncio.get_running_loop().create_future()
        message = DELIVER + _DELIVERY.pack(number) + b"".join(each.encode() for each in signals)
        while not self._send(message):  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE)
        await accepted

    async def _care(self) -> None:
        await self._mailbox.stay(self._me)
        await self._caretaker.look()
        await asyncio.sleep(min(1.0, self._settings.lease / _LOOKS))
