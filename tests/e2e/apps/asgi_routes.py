"""An ASGI application without a framework: one thing that the specification allows per path."""

import asyncio
import json
import os
import tempfile

import bridge

EVENTS: list[str] = []
"""What happened to requests, told by ``/events``."""
GO = asyncio.Event()


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(scope, receive, send)
        return
    assert scope["type"] == "http"
    path = scope["path"].removeprefix(scope["root_path"])
    name = path.strip("/").partition("/")[0].replace("-", "_") or "hello"
    await globals()[f"on_{name}"](scope, receive, send)


async def lifespan(scope, receive, send):
    assert (await receive())["type"] == "lifespan.startup"
    scope["state"]["made_in"] = "lifespan"
    await send({"type": "lifespan.startup.complete"})
    assert (await receive())["type"] == "lifespan.shutdown"
    print(f"asgi_routes: shutdown after {EVENTS}", flush=True)
    await send({"type": "lifespan.shutdown.complete"})


async def start(send, status=200, headers=(), **more):
    await send({"type": "http.response.start", "status": status, "headers": list(headers), **more})


async def body(send, data, more=False):
    await send({"type": "http.response.body", "body": data, "more_body": more})


async def answer(send, value):
    await start(send, headers=[(b"content-type", b"application/json")])
    await body(send, json.dumps(value).encode())


async def read(receive):
    data = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return data, False
        data += message["body"]
        if not message["more_body"]:
            return data, True


async def on_hello(scope, receive, send):
    await start(send, headers=[(b"content-type", b"text/plain")])
    await body(send, b"hello")


async def on_added(scope, receive, send):
    """What middleware does: the list is its own."""
    await answer(send, len(scope["headers"]))
    scope["headers"].append((b"x-user", scope["query_string"]))
    scope["extensions"]["more"] = {}


async def on_scope(scope, receive, send):
    shown = {
        key: value.decode("latin-1") if isinstance(value, bytes) else value
        for key, value in scope.items()
        if key not in ("headers", "state")
    }
    shown["headers"] = [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]]
    shown["state"] = sorted(scope["state"])
    shown["pid"] = os.getpid()
    await answer(send, shown)


async def on_echo(scope, receive, send):
    data, whole = await read(receive)
    if whole:
        await start(send)
        await body(send, data)


async def on_stream_echo(scope, receive, send):
    """Send each piece of the request as soon as it is there."""
    await start(send)
    more = True
    while more:
        message = await receive()
        more = message["more_body"]
        await body(send, message["body"], more=True)
    await body(send, b"")


async def on_unread(scope, receive, send):
    """Leave the body alone until ``/go``."""
    await GO.wait()
    data, _whole = await read(receive)
    await answer(send, len(data))


async def on_go(scope, receive, send):
    GO.set()
    await answer(send, EVENTS)


async def on_items(scope, receive, send):
    await start(send)
    for number in range(5):
        await body(send, b"item %d\n" % number, more=True)
        await asyncio.sleep(0)
    await body(send, b"")


async def on_flushed_head(scope, receive, send):
    await start(send, headers=[(b"x-early", b"yes")])
    await body(send, b"", more=True)
    await receive()
    while (await receive())["type"] != "http.disconnect":
        pass


async def on_big(scope, receive, send):
    """Count how many megabytes the server has taken off our hands."""
    await start(send)
    for number in range(64):
        await body(send, bytes(1 << 20), more=True)
        EVENTS.append(f"big {number}")
    await body(send, b"")


async def on_length(scope, receive, send):
    await start(send, headers=[(b"content-length", b"5"), (b"transfer-encoding", b"chunked")])
    await body(send, b"he", more=True)
    await body(send, b"llo")


async def on_trailers(scope, receive, send):
    await start(send, headers=[(b"trailer", b"x-sum")], trailers=True)
    await body(send, b"some", more=True)
    await body(send, b"thing")
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"42")], "more_trailers": False})


async def on_hints(scope, receive, send):
    await start(send)
    await send({"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]})
    await body(send, b"hinted")


async def on_file(scope, receive, send):
    size = int(scope["query_string"])
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"f" * size)
        file.flush()
        await start(send, headers=[(b"content-length", b"%d" % size)])
        await send({"type": "http.response.pathsend", "path": file.name})


async def on_missing(scope, receive, send):
    await start(send)
    await send({"type": "http.response.pathsend", "path": "/no/such/file"})


async def on_directory(scope, receive, send):
    await start(send)
    await send({"type": "http.response.pathsend", "path": "/dev/null"})


async def on_boom(scope, receive, send):
    raise LookupError("boom")


async def on_late_boom(scope, receive, send):
    await start(send)
    await body(send, b"begun", more=True)
    raise LookupError("late boom")


async def on_nothing(scope, receive, send):
    pass


async def on_wrong(scope, receive, send):
    await body(send, b"no start")


async def on_too_long(scope, receive, send):
    await start(send, headers=[(b"content-length", b"2")])
    await body(send, b"three")


async def on_wait(scope, receive, send):
    """Wait until the client leaves, then say so."""
    EVENTS.append("waiting")
    await receive()
    while (await receive())["type"] != "http.disconnect":
        pass
    EVENTS.append("left")


async def on_both(scope, receive, send):
    """Stream until the client leaves, as Starlette did before specification 2.4."""
    await start(send)
    await receive()

    async def listen():
        message = await receive()
        EVENTS.append(message["type"])

    listening = asyncio.create_task(listen())
    try:
        while True:
            await body(send, b"tick\n", more=True)
            await asyncio.sleep(0.01)
    except OSError as exc:
        EVENTS.append(f"send raised {type(exc).__name__}")
    await listening


async def on_events(scope, receive, send):
    await answer(send, EVENTS)


async def on_forever(scope, receive, send):
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        EVENTS.append("cancelled")
        raise


async def on_stubborn(scope, receive, send):
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            EVENTS.append("not yet")


async def on_sleep(scope, receive, send):
    await asyncio.sleep(float(scope["query_string"]))
    EVENTS.append("slept")
    await start(send)
    await body(send, b"slept")


async def on_background(scope, receive, send):
    """Go on after the reply, as a background task of Starlette does."""
    await start(send)
    await body(send, b"done")
    message = await receive()  # the body of the request, if it has one
    while message["type"] != "http.disconnect":
        message = await receive()
    EVENTS.append("background")


def make():
    return application


def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    shown = {key: environ[key] for key in ("SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")}
    return [json.dumps({**shown, "pid": os.getpid()}).encode()]


def gated(environ, start_response):
    """Hold a core until ``/go``."""
    bridge.wait(GO.wait())
    start_response("200 OK", [])
    return [b"through the gate"]
