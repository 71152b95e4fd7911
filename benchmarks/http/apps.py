"""The WSGI applications that are measured.  Bodies are bytes and lengths are announced where known."""

import gevent

_TEXT = [("Content-Type", "text/plain")]
_HELLO = b"Hello, world!\n"
_HELLO_HEADERS = [*_TEXT, ("Content-Length", str(len(_HELLO)))]
_ITEM = b"x" * 1023 + b"\n"
_LARGE_ITEM = _ITEM * 16


def hello(environ, start_response):
    """A constant."""
    start_response("200 OK", _HELLO_HEADERS)
    return [_HELLO]


def sleep(environ, start_response):
    """Ten milliseconds of waiting, as for a database."""
    gevent.sleep(0.01)
    start_response("200 OK", _HELLO_HEADERS)
    return [_HELLO]


def post(environ, start_response):
    """Read the whole body, answer with its size."""
    body = b"%d\n" % len(environ["wsgi.input"].read())
    start_response("200 OK", [*_TEXT, ("Content-Length", str(len(body)))])
    return [body]


def echo(environ, start_response):
    """Read the whole body, answer with it."""
    body = environ["wsgi.input"].read()
    start_response("200 OK", [*_TEXT, ("Content-Length", str(len(body)))])
    return [body]


def stream(environ, start_response):
    """Sixteen items of one KiB, without a length."""
    start_response("200 OK", _TEXT)
    for _ in range(16):
        yield _ITEM


def download(environ, start_response):
    """Ten MiB in items of 16 KiB, without a length."""
    start_response("200 OK", _TEXT)
    for _ in range(640):
        yield _LARGE_ITEM


_holding = 0


def hold(environ, start_response):
    """``/hold`` waits for ten minutes, ``/count`` says how many do, all else is a constant."""
    global _holding
    path = environ["PATH_INFO"]
    body = _HELLO
    if path == "/hold":
        _holding += 1
        gevent.sleep(600)
    elif path == "/count":
        body = b"%d" % _holding
    start_response("200 OK", [*_TEXT, ("Content-Length", str(len(body)))])
    return [body]
