"""One WSGI application with a path for each thing an application may do.

Runs under any WSGI server that has gevent's hub, so that servers can be compared.  Gates stand in
for time: ``/…/gate/NAME`` waits until somebody asks for ``/open/NAME``.
"""

import hashlib
import io
import json
import os
import tempfile
from collections import Counter, defaultdict

import gevent
from gevent.event import Event

TEXT = [("Content-Type", "text/plain")]
FILE_CONTENT = bytes(range(256)) * 1024  # 256 KiB

gates = defaultdict(Event)
closed = Counter()
notes = {}


class Closing:
    """An iterable that counts calls of its ``close``."""

    def __init__(self, name, items):
        self.name = name
        self.items = iter(items)

    def __iter__(self):
        return self.items

    def close(self):
        closed[self.name] += 1


def hello(environ, start_response, rest):
    start_response("200 OK", [*TEXT, ("Content-Length", "5")])
    return [b"hello"]


def items(environ, start_response, rest):
    start_response("200 OK", TEXT)
    return (b"item %d\n" % number for number in range(5))


def single(environ, start_response, rest):
    start_response("200 OK", TEXT)
    return [b"one item, no length"]


def empty(environ, start_response, rest):
    start_response("200 OK", TEXT)
    return []


def empty_items(environ, start_response, rest):
    start_response("200 OK", TEXT)
    return iter([b"", b"a", b"", b"b", b""])


def status(environ, start_response, rest):
    start_response(rest[0] + " Some Reason", [])
    return []


def cookies(environ, start_response, rest):
    start_response("200 OK", [*TEXT, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Length", "0")])
    return []


def echo(environ, start_response, rest):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [*TEXT, ("Content-Length", str(len(body)))])
    return [body]


def read_parts(environ, start_response, rest):
    stream = environ["wsgi.input"]
    parts = [stream.read(3), stream.readline(), stream.readline(), *stream]
    parts += [stream.read(), stream.read(5), stream.readline()]
    start_response("200 OK", TEXT)
    return [json.dumps([part.decode("latin-1") for part in parts]).encode()]


def read_lines(environ, start_response, rest):
    lines = environ["wsgi.input"].readlines()
    start_response("200 OK", TEXT)
    return [json.dumps([line.decode("latin-1") for line in lines]).encode()]


def upload(environ, start_response, rest):
    """Read a little, wait at a gate, read the rest; ``/upload/hold/gate/NAME`` reads nothing first."""
    stream = environ["wsgi.input"]
    digest = hashlib.sha256()
    size = 0
    if rest[0] != "hold":
        first = stream.read(int(rest[0]))
        digest.update(first)
        size += len(first)
    print("upload waits at", rest[2], flush=True)
    gates[rest[2]].wait()
    while data := stream.read(65536):
        digest.update(data)
        size += len(data)
    start_response("200 OK", TEXT)
    return [f"{size} {digest.hexdigest()}".encode()]


def unread(environ, start_response, rest):
    start_response("200 OK", [*TEXT, ("Content-Length", "6")])
    return [b"unread"]


def show_environ(environ, start_response, rest):
    shown = {key: value for key, value in environ.items() if isinstance(value, (str, int, bool, type(None)))}
    shown["wsgi.version"] = list(environ["wsgi.version"])
    shown["types"] = {key: type(value).__name__ for key, value in environ.items()}
    body = json.dumps(shown).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def write(environ, start_response, rest):
    """``write`` sends at once, before the application has returned anything."""
    send = start_response("200 OK", TEXT)
    send(b"written\n")
    if rest:
        gates[rest[1]].wait()
    send(b"again\n")
    return [b"returned\n"]


def stream(environ, start_response, rest):
    start_response("200 OK", TEXT)
    yield b"first\n"
    gates[rest[1]].wait()
    yield b"second\n"


def open_gate(environ, start_response, rest):
    gates[rest[0]].set()
    return hello(environ, start_response, rest)


def big(environ, start_response, rest):
    """``/big/MB``: zeros, in items of 64 KiB; notes how many items were taken."""
    notes["big"] = 0
    start_response("200 OK", TEXT)
    for _ in range(int(rest[0]) * 16):
        notes["big"] += 1
        yield bytes(65536)


def note(environ, start_response, rest):
    start_response("200 OK", TEXT)
    return [str(notes.get(rest[0])).encode()]


def sleep(environ, start_response, rest):
    print("sleeping", rest[0], flush=True)
    gevent.sleep(float(rest[0]))
    start_response("200 OK", TEXT)
    return [b"slept " + rest[0].encode()]


def raise_before(environ, start_response, rest):
    raise RuntimeError("before start_response")


def raise_after(environ, start_response, rest):
    start_response("200 OK", [*TEXT, ("X-Lost", "1")])
    raise RuntimeError("after start_response")


def raise_first(environ, start_response, rest):
    start_response("200 OK", TEXT)
    raise RuntimeError("before the first item")
    yield b"never"


def raise_middle(environ, start_response, rest):
    start_response("200 OK", TEXT)
    yield b"first"
    raise RuntimeError("in the middle")


def exc_info_early(environ, start_response, rest):
    """Nothing was sent yet, so the second call replaces the first."""
    import sys

    start_response("200 OK", [*TEXT, ("X-First", "1")])
    try:
        raise RuntimeError("early")
    except RuntimeError:
        start_response("503 Service Unavailable", TEXT, sys.exc_info())
    return [b"sorry"]


def exc_info_late(environ, start_response, rest):
    """Something was sent already, so the second call raises the error that it was given."""
    import sys

    start_response("200 OK", TEXT)
    yield b"sent"
    try:
        raise KeyError("late")
    except KeyError:
        start_response("503 Service Unavailable", TEXT, sys.exc_info())
    yield b"never"


def start_twice(environ, start_response, rest):
    start_response("200 OK", TEXT)
    start_response("200 OK", TEXT)
    return [b"never"]


def no_start(environ, start_response, rest):
    return [b"body without a head"]


def bad_header(environ, start_response, rest):
    start_response("200 OK", [("X-Evil", "a\r\nX-Injected: b")])
    return [b"never"]


def too_long(environ, start_response, rest):
    start_response("200 OK", [*TEXT, ("Content-Length", "4")])
    return [b"four", b"more"]


def too_short(environ, start_response, rest):
    start_response("200 OK", [*TEXT, ("Content-Length", "10")])
    return [b"four"]


def text(environ, start_response, rest):
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8")])
    return ["résumé", b" and bytes"]


def closing(environ, start_response, rest):
    name = rest[0]
    start_response("200 OK", TEXT)

    def produce():
        yield b"first"
        if name == "error":
            raise RuntimeError("closing after an error")
        while name == "endless":
            gevent.sleep(0.01)
            yield bytes(1024)
        yield b"second"

    return Closing(name, produce())


def count_closed(environ, start_response, rest):
    start_response("200 OK", TEXT)
    return [str(closed[rest[0]]).encode()]


def file(environ, start_response, rest):
    """``/file/real``, ``/file/offset`` (from byte 1000 on), ``/file/memory``."""
    kind = rest[0]
    if kind == "memory":
        source = io.BytesIO(FILE_CONTENT)
    else:
        descriptor, name = tempfile.mkstemp()
        os.write(descriptor, FILE_CONTENT)
        os.close(descriptor)
        source = open(name, "rb")  # noqa: SIM115 - the server closes it
        os.unlink(name)
        if kind == "offset":
            source.seek(1000)
    counted = Closing(f"file-{kind}", ())
    close = source.close

    class Source:
        read = source.read
        if kind != "memory":
            fileno = source.fileno
            tell = source.tell
            seek = source.seek

        def close(self):
            counted.close()
            close()

    start_response("200 OK", [("Content-Type", "application/octet-stream")])
    return environ["wsgi.file_wrapper"](Source() if rest[1:] else source, 8192)


ROUTES = {
    "": hello,
    "hello": hello,
    "items": items,
    "single": single,
    "empty": empty,
    "empty-items": empty_items,
    "status": status,
    "cookies": cookies,
    "echo": echo,
    "read-parts": read_parts,
    "read-lines": read_lines,
    "upload": upload,
    "unread": unread,
    "environ": show_environ,
    "write": write,
    "stream": stream,
    "open": open_gate,
    "big": big,
    "note": note,
    "sleep": sleep,
    "raise-before": raise_before,
    "raise-after": raise_after,
    "raise-first": raise_first,
    "raise-middle": raise_middle,
    "exc-info-early": exc_info_early,
    "exc-info-late": exc_info_late,
    "start-twice": start_twice,
    "no-start": no_start,
    "bad-header": bad_header,
    "too-long": too_long,
    "too-short": too_short,
    "text": text,
    "closing": closing,
    "closed": count_closed,
    "file": file,
}


def application(environ, start_response):
    first, *rest = environ["PATH_INFO"].strip("/").split("/")
    route = ROUTES.get(first)
    if route is None:
        start_response("404 Not Found", TEXT)
        return [b"no such path"]
    return route(environ, start_response, rest)
