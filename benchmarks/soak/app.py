"""The application under load: replies that a client can check byte by byte."""

from __future__ import annotations

import gc
import hashlib
import json
import os

import gevent
import greenlet

BLOCK = 4096


def content(seed: str, size: int) -> bytes:
    """Return *size* bytes that nobody sends by accident."""
    return hashlib.shake_128(seed.encode()).digest(size)


def _bytes(environ, start_response, size, seed):
    body = content(seed, int(size))
    start_response("200 OK", [("Content-Length", str(len(body))), ("X-Pid", str(os.getpid()))])
    return [body]


def _stream(environ, start_response, size, seed):
    body = content(seed, int(size))
    start_response("200 OK", [("X-Pid", str(os.getpid()))])
    for number, start in enumerate(range(0, len(body), BLOCK)):
        if number % 8 == 7:
            gevent.sleep(0.001)
        yield body[start : start + BLOCK]


def _echo(environ, start_response, size, seed):
    digest = hashlib.sha256()
    total = 0
    while data := environ["wsgi.input"].read(BLOCK):
        digest.update(data)
        total += len(data)
    body = f"{total} {digest.hexdigest()}".encode()
    start_response("200 OK", [("Content-Length", str(len(body))), ("X-Pid", str(os.getpid()))])
    return [body]


def _sleep(environ, start_response, milliseconds, seed):
    gevent.sleep(int(milliseconds) / 1000)
    return _bytes(environ, start_response, 100, seed)


def _flood(environ, start_response, blocks, seed):
    start_response("200 OK", [("X-Pid", str(os.getpid()))])
    for _ in range(int(blocks)):
        yield bytes(65536)


def _facts(environ, start_response, size, seed):
    gc.collect()
    living = [each for each in gc.get_objects() if isinstance(each, greenlet.greenlet) and not each.dead]
    body = json.dumps({"pid": os.getpid(), "greenlets": len(living)}).encode()
    start_response("200 OK", [("Content-Length", str(len(body))), ("X-Pid", str(os.getpid()))])
    return [body]


ROUTES = {
    "bytes": _bytes,
    "stream": _stream,
    "echo": _echo,
    "sleep": _sleep,
    "flood": _flood,
    "facts": _facts,
}


def application(environ, start_response):
    _, name, size, seed = environ["PATH_INFO"].split("/")
    return ROUTES[name](environ, start_response, size, seed)
