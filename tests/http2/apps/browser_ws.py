"""A page that opens a websocket; it is told over which version of HTTP that came.  WSGI and ASGI."""

PAGE = b"""<!doctype html><title>wait</title><body><script>
const socket = new WebSocket(`wss://${location.host}/socket`);
socket.onopen = () => document.title = "open";
socket.onmessage = message => document.body.append(message.data + "\\n");
socket.onclose = end => document.title = `closed with ${end.code}`;
</script><style>body { white-space: pre }</style>"""


def application(environ, start_response):
    websocket = environ.get("wsgi.websocket")
    if websocket is None:
        start_response("200 OK", [("Content-Type", "text/html")])
        return [PAGE]
    websocket.send(environ["SERVER_PROTOCOL"].removeprefix("HTTP/").removesuffix(".0") + "\n")
    while (message := websocket.receive()) is not None:
        websocket.send(message)
    return []


async def asgi(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": scope["http_version"] + "\n"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
    elif scope["type"] == "http":
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PAGE})
    else:
        raise RuntimeError("no lifespan")
