"""A stream with pauses."""

import gevent


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"one\n"
    gevent.sleep(0.5)
    yield b"two\n"
    gevent.sleep(0.5)
    yield b"three\n"
