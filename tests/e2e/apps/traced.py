"""Requests that wait in greenlets and tasks, or hold the loop."""

import asyncio

import gevent
from gevent.monkey import get_original


def in_gevent():
    gevent.sleep(20)


def in_the_kernel():
    get_original("time", "sleep")(4)


async def in_asyncio():
    await asyncio.sleep(20)


def application(environ, start_response):
    if environ["PATH_INFO"] == "/wait":
        in_gevent()
    elif environ["PATH_INFO"] == "/hold":
        in_the_kernel()
    start_response("200 OK", [])
    return [b"hello"]


async def tasks(scope, receive, send):
    await in_asyncio()
