"""Websockets through ``environ["wsgi.websocket"]``."""

import importlib
import os

import gevent

if "WS_IMPORT" in os.environ:
    importlib.import_module(os.environ["WS_IMPORT"])


def said(line):
    print(line, flush=True)


def echo(websocket):
    while True:
        message = websocket.receive()
        if message is None:
            break
        websocket.send(message)
    said(f"end {websocket.closed}")


def facts(websocket):
    websocket.send(repr([websocket.path, websocket.origin, websocket.version, websocket.protocol]))
    websocket.close(4001, "enough")


def errors(websocket):
    """What is left once the client has gone."""
    first = websocket.receive()
    try:
        websocket.receive()
    except OSError as error:
        second = f"{type(error).__module__}: {error}"
    try:
        websocket.send("x")
    except OSError as error:
        third = f"{type(error).__module__}: {error}"
    websocket.close()
    said(f"{first} | {second} | {third} | {websocket.closed}")


def pushes(websocket):
    """One greenlet sends while another receives."""

    def push():
        for number in range(3):
            websocket.send(f"push {number}")
            gevent.sleep(0.01)

    pusher = gevent.spawn(push)
    websocket.send(b"got " + websocket.receive())
    pusher.join()


def forbidden(websocket):
    return "403 Forbidden"


def chosen(websocket):
    websocket.accept("second", [("Set-Cookie", "a=b")])


def application(environ, start_response):
    websocket = environ.get("wsgi.websocket")
    status = "200 OK"
    if websocket is not None:
        status = globals()[environ["PATH_INFO"].strip("/")](websocket) or status
    start_response(status, [("Content-Type", "text/plain")])
    return [b"no websocket"]
