"""The ASGI applications that are measured."""

_HELLO = b"Hello, world!\n"
_HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(_HELLO))]


async def hello(scope, receive, send):
    """A constant."""
    if scope["type"] != "http":
        raise RuntimeError("only HTTP is served")  # which is how an application declines lifespan
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _HELLO})
