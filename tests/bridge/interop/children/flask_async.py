# ruff: noqa: E402
"""Flask's async views under patching, many requests at once in greenlets (pallets/flask#5881).

Argument: none, asyncio or uvloop as the host.
"""

import asyncio
import sys

import bridge

bridge.patch_all()

import time

import gevent
from flask import Flask

app = Flask(__name__)


@app.get("/<int:number>")
async def view(number: int) -> dict[str, int]:
    await asyncio.sleep(0.2)
    return {"number": number}


def one(number: int) -> int:
    return app.test_client().get(f"/{number}").json["number"]


def many() -> None:
    begun = time.monotonic()
    greenlets = [bridge.spawn(one, number) for number in range(20)]
    gevent.joinall(greenlets, raise_error=True)
    assert [each.get() for each in greenlets] == list(range(20))
    assert time.monotonic() - begun < 2, time.monotonic() - begun
    print("done")


async def main() -> None:
    await bridge.spawn(many)


if sys.argv[1] == "none":
    many()
elif sys.argv[1] == "uvloop":
    bridge.run(main())
else:
    asyncio.run(main())
