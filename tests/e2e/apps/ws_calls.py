"""Websockets through the functions of the ``uwsgi`` module; runs under real uWSGI too."""

import os
import time

import gevent
import gevent.select
import uwsgi
from gevent.event import Event


def said(line):
    print(line, flush=True)


def echo(environ):
    """Give back what comes: binary messages begin with a byte below 32."""
    uwsgi.websocket_handshake()
    while True:
        message = uwsgi.websocket_recv()
        if message[:1] < b" " and message:
            uwsgi.websocket_send_binary(message)
        else:
            uwsgi.websocket_send(message)


def polled(environ):
    """As the classic chat: wait for the descriptor, then take one message."""
    uwsgi.websocket_handshake(environ["HTTP_SEC_WEBSOCKET_KEY"], environ.get("HTTP_ORIGIN", ""))
    fd = uwsgi.connection_fd()
    while True:
        ready = gevent.select.select([fd], [], [], 4.0)[0]
        message = uwsgi.websocket_recv_nb()
        if message:
            uwsgi.websocket_send(b"%d %s" % (len(ready), message))


def ticker(environ):
    """Send although nothing comes; another greenlet does it."""
    uwsgi.websocket_handshake()
    context = uwsgi.request_context()

    def send():
        with context:
            for number in range(3):
                uwsgi.websocket_send(str(number))

    gevent.spawn(send).get()
    return [b"dropped"]


def flood(environ):
    """Send more than the client takes."""
    uwsgi.websocket_handshake()
    block = b"x" * 65536
    count = 0
    try:
        while True:
            uwsgi.websocket_send_binary(block)
            count += 1
    except OSError as error:
        said(f"flood ended after {count}: {error}")
    return []


def late(environ):
    """Count the bytes of messages; fall asleep when told to."""
    uwsgi.websocket_handshake()
    total = 0
    while True:
        message = uwsgi.websocket_recv()
        if message == b"sleep":
            gevent.sleep(1.0)
        elif message == b"end":
            uwsgi.websocket_send(str(total))
            return []
        else:
            total += len(message)


def fails(environ):
    uwsgi.websocket_handshake()
    uwsgi.websocket_recv()
    raise RuntimeError("the application is broken")


def refused(environ):
    try:
        uwsgi.websocket_handshake()
    except OSError as error:
        said(f"refused: {error}")
    return None


def idle(environ):
    uwsgi.websocket_handshake()
    began = time.monotonic()
    try:
        uwsgi.websocket_recv()
    except OSError as error:
        said(f"idle ended: {error}")
    said(f"after {time.monotonic() - began:.1f}")
    return []


def chosen(environ):
    uwsgi.websocket_handshake("", "", "second")
    return []


def listened(environ):
    """Another greenlet listens; the request's own sends, and takes messages until there are none."""
    uwsgi.websocket_handshake()
    fd = uwsgi.connection_fd()
    heard = Event()

    def listen():
        while True:
            gevent.select.select([fd], [], [])
            heard.set()
            gevent.sleep(0.01)

    listener = gevent.spawn(listen)
    try:
        while True:
            heard.wait()
            heard.clear()
            while message := uwsgi.websocket_recv_nb():
                uwsgi.websocket_send(message)
    finally:
        listener.kill()


def from_area(environ):
    uwsgi.websocket_handshake()
    uwsgi.sharedarea_write(0, 0, "shared text")
    uwsgi.websocket_send_from_sharedarea(0, 0, 11)
    uwsgi.websocket_send_binary_from_sharedarea(0, 7, 4)
    return []


def hangs_up(environ):
    uwsgi.websocket_handshake()
    fd = uwsgi.connection_fd()
    said(f"connected {uwsgi.is_connected(fd)}")
    uwsgi.disconnect()
    try:
        uwsgi.websocket_send("x")
    except OSError as error:
        said(f"hung up: {error}")
    return []


def deaf(environ):
    uwsgi.websocket_handshake()
    gevent.sleep(1000)


def deadline(environ):
    uwsgi.websocket_handshake()
    uwsgi.set_user_harakiri(1)
    uwsgi.websocket_recv()


def elsewhere(environ):
    """Calls of a greenlet that outlives the request."""
    uwsgi.websocket_handshake()
    context = uwsgi.request_context()

    def later():
        gevent.sleep(0.1)
        for call in (uwsgi.websocket_recv_nb, uwsgi.websocket_recv):
            try:
                call(request_context=context)
            except OSError as error:
                said(f"later: {error}")

    gevent.spawn(later)
    uwsgi.websocket_send("from here", request_context=context)
    return []


def descriptors(environ):
    """How many descriptors the process has."""
    start_response = environ["start_response"]
    start_response("200 OK", [])
    return [str(len(os.listdir("/proc/self/fd"))).encode()]


def application(environ, start_response):
    environ["start_response"] = start_response
    result = globals()[environ["PATH_INFO"].strip("/")](environ)
    if result is not None:
        return result
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"no websocket"]
