"""Replies that a careless or hostile application could give, and early hints and trailers.

The first part of the path names a function, the rest is its argument.
"""

import json

import gevent

TEXT = ("Content-Type", "text/plain")

# What must not get into a head: name -> (status, headers).
REFUSED = {
    "cr-in-value": ("200 OK", [("X", "a\rX-Injected: b")]),
    "lf-in-value": ("200 OK", [("X", "a\nX-Injected: b")]),
    "crlf-in-value": ("200 OK", [("X", "a\r\nX-Injected: b\r\n\r\nbody")]),
    "nul-in-value": ("200 OK", [("X", "a\0b")]),
    "escape-in-value": ("200 OK", [("X", "a\x1bb")]),
    "crlf-in-name": ("200 OK", [("X\r\nX-Injected", "b")]),
    "lf-in-name": ("200 OK", [("X\nX-Injected", "b")]),
    "nul-in-name": ("200 OK", [("X\0", "b")]),
    "space-in-name": ("200 OK", [("X Y", "b")]),
    "colon-in-name": ("200 OK", [("X:", "b")]),
    "empty-name": ("200 OK", [("", "b")]),
    "crlf-in-status": ("200 OK\r\nX-Injected: b", [TEXT]),
    "lf-in-status": ("200 OK\nX-Injected: b", [TEXT]),
    "nul-in-status": ("200 O\0K", [TEXT]),
    "status-without-number": ("OK", [TEXT]),
    "status-100": ("100 Continue", [TEXT]),
    "status-101": ("101 Switching Protocols", [TEXT]),
    "value-no-latin1": ("200 OK", [("X", "日本")]),
    "value-not-text": ("200 OK", [("X", b"bytes")]),
    "length-not-a-number": ("200 OK", [("Content-Length", "5\r\n")]),
    "length-signed": ("200 OK", [("Content-Length", "+5")]),
    "two-lengths": ("200 OK", [("Content-Length", "5"), ("Content-Length", "6")]),
    "chunked": ("200 OK", [("Transfer-Encoding", "chunked")]),
    "length-and-chunked": ("200 OK", [("Content-Length", "5"), ("Transfer-Encoding", "chunked")]),
    "keep-alive": ("200 OK", [("Keep-Alive", "timeout=5")]),
    "connection-upgrade": ("200 OK", [("Connection", "upgrade"), ("Upgrade", "x")]),
    "connection-names-a-field": ("200 OK", [("Connection", "close, X")]),
    "te": ("200 OK", [("TE", "trailers")]),
    "proxy-authenticate": ("200 OK", [("Proxy-Authenticate", "Basic")]),
}

# Content-Length and items of the body.
LENGTHS = {
    "short": ("10", [b"four"]),
    "short-items": ("10", [b"fo", b"ur"]),
    "short-empty": ("10", []),
    "long": ("4", [b"four and more"]),
    "long-items": ("4", [b"four", b" and", b" more"]),
    "long-zero": ("0", [b"four"]),
}


def refused(environ, start_response, name):
    status, headers = REFUSED[name]
    start_response(status, headers)
    return [b"hello"]


def refused_late(environ, start_response, name):
    """The same from a generator: found when the first item goes out."""
    status, headers = REFUSED[name]
    start_response(status, headers)
    yield b"hello"


def listed(environ, start_response, name):
    length, items = LENGTHS[name]
    start_response("200 OK", [TEXT, ("Content-Length", length)])
    return items


def streamed(environ, start_response, name):
    length, items = LENGTHS[name]
    start_response("200 OK", [TEXT, ("Content-Length", length)])
    yield from items


def written(environ, start_response, name):
    length, items = LENGTHS[name]
    write = start_response("200 OK", [TEXT, ("Content-Length", length)])
    for item in items:
        write(item)
    return []


def broken(environ, start_response, name):
    """``/broken/none`` and ``/broken/length``: an error after one item."""
    length = [("Content-Length", "100")] if name == "length" else []
    start_response("200 OK", [TEXT, *length])
    yield b"first"
    raise RuntimeError("broken on purpose")


def status(environ, start_response, name):
    """A status whose reply has no body, given one all the same."""
    start_response(f"{name} Some", [TEXT, ("Content-Length", "5")])
    return [b"hello"]


def no_length(environ, start_response, name):
    start_response(f"{name} Some", [TEXT])
    return [b"he", b"llo"]


closed = []


def endless(environ, start_response, name):
    """A stream without end; ``/endless/closed`` says how many have been closed."""
    if name == "closed":
        start_response("200 OK", [TEXT])
        return [str(len(closed)).encode()]
    return _endless(start_response, name)


def _endless(start_response, name):
    start_response(f"{name} Some", [TEXT])
    try:
        while True:
            yield b"more"
    finally:
        closed.append(name)


def closing(environ, start_response, name):
    """The application wants the connection closed after this reply of NAME bytes."""
    start_response("200 OK", [TEXT, ("Connection", "close")])
    return [bytes(int(name))]


def hints(environ, start_response, name):
    """``/hints/sent``; ``absent`` says whether they are on offer; ``late`` and ``bad`` misuse them."""
    offer = environ.get("wsgi.early_hints")
    if name == "absent":
        start_response("200 OK", [TEXT])
        return [str(offer).encode()]
    if name == "late":
        start_response("200 OK", [TEXT])(b"begun ")
        try:
            offer([("Link", "</a.css>; rel=preload")])
        except OSError as error:
            return [type(error).__name__.encode()]
        except Exception as error:
            return [str(error).encode()]
        return [b"no error"]
    link = "</a.css>; rel=preload\r\nX-Injected: b" if name == "bad" else "</a.css>; rel=preload; as=style"
    offer([("Link", link)])
    offer([("Link", "</b.js>; rel=preload; as=script"), ("X-More", "1")])
    start_response("200 OK", [TEXT, ("Content-Length", "5")])
    return [b"hello"]


def trailers(environ, start_response, name):
    """Trailers set ``before`` the head or ``after`` the body's beginning, with a ``length``, or ``bad``."""
    offer = environ.get("engine.send_trailers")
    if offer is None:
        start_response("200 OK", [TEXT])
        return [b"no trailers"]
    headers = [TEXT, ("Trailer", "X-Sum")]
    if name == "length":
        headers.append(("Content-Length", "5"))
    fields = [("X-Sum", "1"), ("x-more", "\xe9")]
    if name in ("before", "length"):
        offer(fields)
        start_response("200 OK", headers)
        return [b"hello"]
    if name in ("bad", "forbidden"):
        offer([("X", "a\r\nb")] if name == "bad" else [("Set-Cookie", "a=b")])

    def items():
        yield b"he"
        offer(fields)
        yield b"llo"

    start_response("200 OK", headers)
    return items()


LARGE = 30_000_000  # more than kernels keep for a client that does not read


def together(environ, start_response, name):
    """Three greenlets write one reply at once, the items of each alike."""
    headers = [TEXT, ("Content-Length", str(60 * 300_000))] if name == "length" else [TEXT]
    write = start_response("200 OK", headers)

    def go(letter):
        for _ in range(20):
            write(letter * 300_000)

    gevent.joinall([gevent.spawn(go, letter) for letter in (b"a", b"b", b"c")], raise_error=True)
    return []


def impatient(environ, start_response, name):
    """A write that a timeout of the application ends halfway; it goes on as if nothing had happened."""
    length = [("Content-Length", str(LARGE + 5))] if name == "length" else []
    write = start_response("200 OK", [TEXT, *length])
    with gevent.Timeout(0.3, False):
        write(b"x" * LARGE)
    if name == "length":
        write(b"hello")
    return [b"hello"]


def patient(environ, start_response, name):
    """A greenlet that waits for its turn to write is ended, which harms nobody."""
    write = start_response("200 OK", [TEXT])
    beat = gevent.spawn_later(0.1, write, b"beat")
    write(b"x" * LARGE)
    beat.kill()
    return [b"hello"]


def received(environ, start_response, name):
    """The trailers of the request, ``early`` (before the body is read to its end), or ``late``."""
    offer = environ.get("engine.request_trailers")
    stream = environ["wsgi.input"]
    stream.readline() if name == "early" else stream.read()
    try:
        text = json.dumps(None if offer is None else offer())
    except Exception as error:
        text = json.dumps(type(error).__name__)
    start_response("200 OK", [TEXT])
    return [text.encode()]


def show(environ, start_response, name):
    """What was asked, body read to its end; an error of the body is named."""
    shown = {key: value for key, value in environ.items() if isinstance(value, str | bool)}
    try:
        shown["body"] = environ["wsgi.input"].read().decode("latin-1")
    except OSError as error:
        print("body:", type(error).__name__, error, flush=True)
        raise
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(shown).encode()]


ROUTES = {
    "refused": refused,
    "refused-late": refused_late,
    "listed": listed,
    "streamed": streamed,
    "written": written,
    "broken": broken,
    "status": status,
    "no-length": no_length,
    "closing": closing,
    "endless": endless,
    "hints": hints,
    "trailers": trailers,
    "received": received,
    "together": together,
    "impatient": impatient,
    "patient": patient,
}


def application(environ, start_response):
    first, _, name = environ["PATH_INFO"].strip("/").partition("/")
    return ROUTES.get(first, show)(environ, start_response, name)
