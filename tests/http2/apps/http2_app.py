"""A WSGI application for the tests of HTTP/2; gates stand in for time: ``/open/NAME`` opens one."""

import json
import os
from collections import defaultdict

import gevent
from gevent.event import Event

gates = defaultdict(Event)
notes = defaultdict(list)


def application(environ, start_response):
    name, *rest = environ["PATH_INFO"].strip("/").split("/")
    return globals()[f"on_{name.replace('-', '_') or 'hello'}"](environ, start_response, rest)


def answer(start_response, body, *headers, status="200 OK"):
    start_response(status, [("Content-Type", "text/plain"), *headers])
    return [body]


def on_hello(environ, start_response, rest):
    return answer(start_response, b"hello")


def on_environ(environ, start_response, rest):
    shown = {key: value for key, value in environ.items() if isinstance(value, str)}
    return answer(start_response, json.dumps(shown).encode())


def on_status(environ, start_response, rest):
    return answer(start_response, b"" if rest[0] in ("204", "304") else b"body", status=rest[0] + " Reason")


def on_connection(environ, start_response, rest):
    return answer(start_response, b"x", ("Connection", "close"), ("X-Mixed-Case", " padded "))


def on_echo(environ, start_response, rest):
    return answer(start_response, environ["wsgi.input"].read())


def on_unread(environ, start_response, rest):
    return answer(start_response, b"unread")


def on_read(environ, start_response, rest):
    """Read so many bytes, wait at a gate, read the rest; tell how reading ended."""
    stream = environ["wsgi.input"]
    try:
        first = stream.read(int(rest[0]))
        notes[rest[1]].append(f"read {len(first)}")
        gates[rest[1]].wait()
        data = first + stream.read()
    except OSError as exc:
        notes[rest[1]].append(f"{type(exc).__name__}: {exc}")
        raise
    return answer(start_response, str(len(data)).encode())


def on_stream(environ, start_response, rest):
    """``/stream/GATE``: one item, the gate, another."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"first"
    gates[rest[0]].wait()
    yield b"second"


def on_wait(environ, start_response, rest):
    """Wait at a gate before the reply."""
    notes[rest[0]].append("waiting")
    gates[rest[0]].wait()
    notes[rest[0]].append("answers")
    return answer(start_response, b"waited")


def on_hold(environ, start_response, rest):
    """Wait for good; note what ends that."""
    notes[rest[0]].append("waiting")
    try:
        gates[rest[0]].wait()
    except BaseException as exc:
        notes[rest[0]].append(type(exc).__name__)
        raise


def on_pid(environ, start_response, rest):
    return answer(start_response, str(os.getpid()).encode())


def on_big(environ, start_response, rest):
    """``/big/NAME/ITEMS``: items of 10000 bytes; notes how many were taken, and how it ended."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    name = rest[0]
    try:
        for number in range(int(rest[1])):
            notes[name].append(number)
            yield bytes(10000)
    except BaseException as exc:
        notes[name].append(type(exc).__name__)
        raise


def on_together(environ, start_response, rest):
    """Three greenlets write one reply, the items of each alike."""
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    letters = (b"a", b"b", b"c")
    gevent.joinall([gevent.spawn(write, letter * 100_000) for letter in letters], raise_error=True)
    return []


def on_impatient(environ, start_response, rest):
    """A timeout of the application ends a write halfway; it goes on as if nothing had happened."""
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    with gevent.Timeout(0.1, False):
        write(bytes(200_000))
    return [b"hello"]


def on_block(environ, start_response, rest):
    """``/block/SIZE``: one item of that size, whose length the server then knows."""
    return answer(start_response, bytes(int(rest[0])))


def on_boom(environ, start_response, rest):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"begun"
    raise LookupError("boom")


def on_hints(environ, start_response, rest):
    environ["wsgi.early_hints"]([("Link", "</style.css>; rel=preload")])
    return answer(start_response, b"hinted")


def on_received(environ, start_response, rest):
    environ["wsgi.input"].read()
    return answer(start_response, json.dumps(environ["engine.request_trailers"]()).encode())


def on_trailers(environ, start_response, rest):
    send = environ.get("engine.send_trailers")
    start_response("200 OK", [("Content-Type", "text/plain"), *([("Content-Length", "9")] if rest else [])])
    yield b"something"
    if send is not None:
        send([("X-Sum", "42")])


def on_open(environ, start_response, rest):
    gates[rest[0]].set()
    return answer(start_response, b"open")


def on_notes(environ, start_response, rest):
    return answer(start_response, json.dumps(notes[rest[0]]).encode())
