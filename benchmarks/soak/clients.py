"""Good clients check what they get; slow, broken and hostile ones only do what such clients do."""

from __future__ import annotations

import asyncio
import hashlib
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from benchmarks.soak.app import content
from benchmarks.soak.tally import LostReplyError, Tally, WrongReplyError
from benchmarks.soak.wire import Reply, Wire


@dataclass
class World:
    """What all clients know.

    :param ending: set when nobody is to begin anything
    """

    port: int
    tls_port: int
    tls: ssl.SSLContext | None
    tally: Tally
    seed: int = 0
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    tls_busy: int = 0

    async def open(self, tls: bool = False) -> Wire:
        if tls and self.tls is not None:
            return await Wire.open(self.tls_port, self.tls)
        return await Wire.open(self.port)


@dataclass(frozen=True)
class Question:
    """A request, and what its reply must be."""

    data: bytes
    body: bytes


def question(seed: int) -> Question:
    """Return a request of some kind; the same one for the same *seed*."""
    dice = random.Random(seed)
    kind = dice.choice(("bytes", "bytes", "stream", "echo", "chunked", "sleep"))
    name = f"s{seed}"
    if kind in ("echo", "chunked"):
        body = content(name, dice.choice((0, 1, 1000, 70_000)))
        reply = f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode()
        head = f"POST /echo/0/{name} HTTP/1.1\r\nHost: soak\r\n"
        if kind == "echo":
            return Question(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body, reply)
        pieces = [body[start : start + 9000] for start in range(0, len(body), 9000)]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        return Question(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks + b"0\r\n\r\n", reply)
    size = dice.choice((0, 1, 500, 20_000, 300_000)) if kind != "sleep" else dice.randrange(30)
    data = f"GET /{kind}/{size}/{name} HTTP/1.1\r\nHost: soak\r\n\r\n".encode()
    return Question(data, content(name, 100 if kind == "sleep" else size))


def check(asked: Question, reply: Reply, tally: Tally) -> None:
    """Compare a reply with what it must be."""
    if reply.status != 200 or reply.body != asked.body:
        line = asked.data.partition(b"\r\n")[0].decode()
        raise WrongReplyError(f"{line}: {reply.status}, {len(reply.body)} bytes instead of {len(asked.body)}")
    tally.pids.add(int(reply.headers["x-pid"]))


async def good(world: World, tls: bool = False, most: int = 50, pause: float = 0.0) -> None:
    """Ask on one connection after the other, sometimes with requests in the pipeline."""
    kind = "slow reader" if pause else "tls" if tls else "kept" if most > 1 else "one"
    while not world.ending.is_set():
        began = time.monotonic()
        wire: Wire | None = None
        try:
            wire = await world.open(tls)
            while wire.replies < most and not wire.must_close and not world.ending.is_set():
                began = time.monotonic()
                await _ask(world, wire, kind, pause)
        except (LostReplyError, OSError, WrongReplyError) as error:
            world.tally.note(kind, began, error)
        if wire is not None:
            await wire.close()


async def _ask(world: World, wire: Wire, kind: str, pause: float) -> None:
    number = 3 if random.random() < 0.1 and not pause else 1
    asked = []
    for _ in range(number):
        world.seed += 1
        asked.append(question(world.seed))
    wire.send(b"".join(each.data for each in asked))
    for place, each in enumerate(asked):
        before = wire.replies
        try:
            reply = await wire.read(pause)
        except LostReplyError:
            # RFC 9112 section 9.3.1: a server may close between requests, and the client asks again.
            if wire.replies == before and before > 0 and wire.reader.at_eof() and _nothing_came(wire):
                await _again(world, asked[place:], pause)
                wire.must_close = True
                return
            raise
        check(each, reply, world.tally)
        world.tally.good[kind] += 1
        if wire.must_close and place + 1 < number:
            await _again(world, asked[place + 1 :], pause)
            return


def _nothing_came(wire: Wire) -> bool:
    return not wire.reader._buffer  # type: ignore[attr-defined]


async def _again(world: World, asked: list[Question], pause: float) -> None:
    for each in asked:
        wire = await world.open()
        try:
            wire.send(each.data)
            check(each, await wire.read(pause), world.tally)
            world.tally.good["again"] += 1
        finally:
            await wire.close()


async def slow_writer(world: World) -> None:
    """Send a body in small pieces, fast enough."""
    while not world.ending.is_set():
        began = time.monotonic()
        world.seed += 1
        body = content(f"w{world.seed}", 20_000)
        try:
            wire = await world.open()
            wire.send(
                b"POST /echo/0/w HTTP/1.1\r\nHost: soak\r\nConnection: close\r\nContent-Length: 20000\r\n\r\n"
            )
            for start in range(0, len(body), 1000):
                wire.send(body[start : start + 1000])
                await asyncio.sleep(0.03)
            reply = await wire.read()
            if reply.body != f"20000 {hashlib.sha256(body).hexdigest()}".encode():
                raise WrongReplyError(f"slow writer: {reply.status} {reply.body[:100]!r}")
            world.tally.good["slow writer"] += 1
            await wire.close()
        except (LostReplyError, OSError, WrongReplyError) as error:
            world.tally.note("slow writer", began, error)


# -- those that nobody owes a reply -------------------------------------------------------------------

BROKEN = [
    b"GET /bytes/1",
    b"GET /bytes/300000/x HTTP/1.1\r\nHost: soak\r\n\r\n",
    b"GET /stream/300000/x HTTP/1.1\r\nHost: soak\r\n\r\n" * 3,
    b"POST /echo/0/x HTTP/1.1\r\nHost: soak\r\nContent-Length: 100000\r\n\r\nshort",
    b"POST /echo/0/x HTTP/1.1\r\nHost: soak\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"GET /sleep/500/x HTTP/1.1\r\nHost: soak\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
]
HOSTILE = [
    b"\x00" * 5000,
    b"GET " + b"/" * 20_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 200_000,
    b"POST /echo/0/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
    b"\r\n0\r\n\r\nGET /",
    b"POST /echo/0/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /echo/0/x HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"GET /bytes/1/x HTTP/1.1\r\nHost: a\r\n\r\n" * 2000,
]


async def broken(world: World) -> None:
    """Go away in the middle of something."""
    while not world.ending.is_set():
        tls = random.random() < 0.3
        try:
            wire = await world.open(tls)
            wire.send(random.choice(BROKEN))
            await asyncio.sleep(random.random() * 0.05)
            if random.random() < 0.5:
                wire.reset()
            else:
                await wire.close()
        except OSError:
            await asyncio.sleep(0.05)


async def hostile(world: World) -> None:
    """Send what no client should, and read what comes."""
    while not world.ending.is_set():
        try:
            wire = await world.open()
            wire.send(random.choice(HOSTILE))
            async with asyncio.timeout(1.0):
                while await wire.reader.read(65536):
                    pass
        except (OSError, TimeoutError):
            pass
        wire.reset()
        await asyncio.sleep(0.01)


async def slowloris(world: World) -> None:
    """A head that does not end; a body that hardly moves."""
    while not world.ending.is_set():
        try:
            wire = await world.open(random.random() < 0.3)
            body = random.random() < 0.3
            wire.send(
                b"POST /echo/0/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n"
                if body
                else b"GET / HTTP/1.1\r\nHost: a\r\nX: "
            )
            while wire.is_open() and not world.ending.is_set():
                wire.send(b"x")
                await asyncio.sleep(0.2)
            wire.reset()
        except OSError:
            await asyncio.sleep(0.05)


async def deaf(world: World) -> None:
    """Ask for much and read nothing."""
    while not world.ending.is_set():
        try:
            wire = await world.open()
            wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
            wire.send(b"GET /flood/300/x HTTP/1.1\r\nHost: a\r\n\r\n")
            await asyncio.wait([asyncio.create_task(world.ending.wait())], timeout=random.random() * 8)
            wire.reset()
        except (OSError, RuntimeError):
            await asyncio.sleep(0.05)


Client = Callable[[World], Awaitable[None]]


def everybody(scale: int) -> list[Client]:
    """Return the clients of one world, for *scale* times the smallest."""
    mix: list[tuple[int, Client]] = [
        (4, good),
        (3, lambda world: good(world, most=1)),
        (2, lambda world: good(world, tls=True)),
        (1, lambda world: good(world, tls=True, most=1)),
        (2, lambda world: good(world, most=3, pause=0.01)),
        (2, slow_writer),
        (2, broken),
        (2, hostile),
        (8, slowloris),
        (1, deaf),
    ]
    return [client for number, client in mix for _ in range(number * scale)]
