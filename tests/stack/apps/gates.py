"""Replies that wait for other requests: ``/open/NAME`` lets ``/stream/NAME`` go on by one piece."""

import os
from collections import defaultdict

from gevent.lock import Semaphore

gates = defaultdict(lambda: Semaphore(0))


def application(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    kind, _, name = environ["PATH_INFO"].strip("/").partition("/")
    if kind == "stream":
        return pieces(gates[name])
    if kind == "open":
        gates[name].release()
        return [b"opened"]
    if kind == "pid":
        return [b"%d" % os.getpid()]
    return [environ["REMOTE_PORT"].encode()]  # "connection"


def pieces(gate):
    for piece in (b"one\n", b"two\n", b"three\n"):
        yield piece
        if not gate.acquire(timeout=10):
            raise TimeoutError("nobody opened the gate")
