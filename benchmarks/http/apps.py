"""The WSGI applications that are measured.  Bodies are bytes and lengths are announced where known."""

import gevent

_TEXT = [("Content-Type", "text/plain")]
_HELLO = b"Hello, world!\n"
_HELLO_HEADERS = [*_TEXT, ("Content-Length", str(len(_HELLO)))]
_ITEM = b"x" * 1023 + b"\n"


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


def stream(environ, start_response):
    """Sixteen items of one KiB, without a length."""
    start_response("200 OK", _TEXT)
    for _ in range(16):
        yield _ITEM
