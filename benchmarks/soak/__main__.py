"""Mixed good, slow, broken and hostile clients on two workers that are killed and reloaded meanwhile.

Two thirds of the time workers are killed (-9) and reloaded (SIGHUP) in turns; in the last third they
live, so that what they hold can be compared.  Ends with 1 if a reply was wrong, a request was lost
that no killed worker explains, a worker holds more than at first, or the log shows trouble.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import time

from benchmarks.soak.clients import World, everybody
from benchmarks.soak.server import Held, Server
from benchmarks.soak.tally import Tally

# What a worker may hold more after the quiet period than before it.
MORE_KILOBYTES = 12_000
MORE_GREENLETS = 2


async def load(server: Server, tally: Tally, scale: int, seconds: float, chaos: bool) -> None:
    """Let everybody loose for *seconds*."""
    world = World(server.port, server.tls_port, server.tls, tally, seed=random.randrange(1 << 40))
    tasks = [asyncio.ensure_future(client(world)) for client in everybody(scale)]
    end = time.monotonic() + seconds
    if chaos:
        await _make_chaos(server, tally, end)
    await asyncio.sleep(max(0.0, end - time.monotonic()))
    world.ending.set()
    done, pending = await asyncio.wait(tasks, timeout=60)
    for task in pending:
        task.cancel()
        tally.lost.append(f"a client did not end: {task!r}")
    for task in done:
        if task.exception() is not None:
            tally.lost.append(f"a client failed: {task.exception()!r}")


async def _make_chaos(server: Server, tally: Tally, end: float) -> None:
    """Kill and reload in turns; one thing at a time, so that losses can be told apart."""
    await asyncio.sleep(1.0)
    kill = True
    while time.monotonic() < end - 3.0:
        if kill:
            workers = server.workers(tally.pids)
            if not workers:
                await asyncio.sleep(0.1)  # replies tell who they are; on a busy machine those come later
                continue
            tally.kills.append(time.monotonic())
            random.choice(workers).kill()
            await asyncio.sleep(2.5)
        else:
            before = server.starts()
            server.reload()
            tally.reloads += 1
            while server.starts() == before and time.monotonic() < end:  # noqa: ASYNC110 - a log says it
                await asyncio.sleep(0.1)
            await asyncio.sleep(3.0)  # old workers finish meanwhile
        kill = not kill


def compare(before: dict[int, Held], after: dict[int, Held]) -> list[str]:
    """Say what workers hold more than before."""
    wrong = []
    if set(before) != set(after):
        wrong.append(f"workers {sorted(before)} became {sorted(after)} though nobody killed them")
    for pid in set(before) & set(after):
        old, new = before[pid], after[pid]
        if new.descriptors > old.descriptors:
            wrong.append(f"worker {pid} has {new.descriptors} descriptors, {old.descriptors} before")
        if new.greenlets > old.greenlets + MORE_GREENLETS:
            wrong.append(f"worker {pid} has {new.greenlets} greenlets, {old.greenlets} before")
        if new.kilobytes > old.kilobytes + MORE_KILOBYTES:
            wrong.append(f"worker {pid} takes {new.kilobytes} KiB, {old.kilobytes} before")
    return wrong


def settled(server: Server, wanted: dict[int, Held] | None = None) -> dict[int, Held]:
    """Return what workers hold once connections have been closed."""
    deadline = time.monotonic() + 15
    held = server.held()
    while time.monotonic() < deadline:
        time.sleep(0.5)
        again = server.held()
        same = {pid: each.descriptors for pid, each in held.items()} == {
            pid: each.descriptors for pid, each in again.items()
        }
        held = again
        if same and (wanted is None or not compare(wanted, held)):
            break
    return held


def soak(seconds: float, scale: int, loop: str, options: list[str]) -> tuple[Tally, list[str], list[str]]:
    """Run; return the counts, what is wrong, and lines to print."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # clients that write to closed connections
    tally = Tally()
    said: list[str] = []
    with Server(loop, options) as server:
        asyncio.run(load(server, tally, scale, seconds * 2 / 3, chaos=True))
        quiet = seconds / 3
        asyncio.run(load(server, tally, scale, quiet / 3, chaos=False))  # memory that is only needed once
        before = settled(server)
        master = server.master_descriptors()
        asyncio.run(load(server, tally, scale, quiet * 2 / 3, chaos=False))
        after = settled(server, before)
        wrong = [*tally.wrong, *tally.lost, *compare(before, after), *server.trouble()]
        if server.master_descriptors() > master:
            wrong.append(f"the master has {server.master_descriptors()} descriptors, {master} before")
        both = sorted(set(before) & set(after))
        said.extend(f"worker {pid}: {before[pid]} -> {after[pid]}" for pid in both)
        status = server.stop()
        if status:
            wrong.append(f"the server ended with status {status}")
    return tally, wrong, said


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seconds", type=float, default=0.0, help="instead of --minutes")
    parser.add_argument("--scale", type=int, default=2, help="27 clients each")
    parser.add_argument("--loop", choices=("uvloop", "asyncio"), default="uvloop")
    given, options = parser.parse_known_args()
    seconds = given.seconds or given.minutes * 60
    tally, wrong, said = soak(seconds, given.scale, given.loop, options)
    print(f"{sum(tally.good.values())} good replies: {dict(tally.good)}")
    print(
        f"{len(tally.kills)} workers killed, {tally.reloads} reloads, {tally.excused} requests lost by kills"
    )
    print(*said, sep="\n")
    if wrong:
        print(f"{len(wrong)} things are wrong:", *wrong[:30], sep="\n  ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
