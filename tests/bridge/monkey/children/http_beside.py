"""Greenlets use http.client, patched, against an asyncio server of the same thread; asyncio ones too."""

import sys

import bridge.monkey

bridge.monkey.patch_all()

import asyncio  # noqa: E402
import http.client  # noqa: E402
import socket  # noqa: E402
import time  # noqa: E402
import urllib.request  # noqa: E402

import gevent  # noqa: E402
import gevent.pywsgi  # noqa: E402
import uvloop  # noqa: E402


async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = await reader.readline()
    while await reader.readline() not in (b"\r\n", b""):
        pass
    if not request or request.startswith(b"GET /never"):
        await reader.read()  # until the client hangs up
    else:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    writer.close()


def fetch(host: str, port: int) -> bytes:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    connection.request("GET", "/")
    response = connection.getresponse()
    assert response.status == 200
    time.sleep(0.001)
    body = response.read()
    connection.close()
    return body


def give_up(host: str, port: int) -> str:
    try:
        with gevent.Timeout(0.02):
            urllib.request.urlopen(f"http://{host}:{port}/never")
    except gevent.Timeout:
        pass
    try:
        urllib.request.urlopen(f"http://{host}:{port}/never", timeout=0.02)
    except (TimeoutError, OSError):
        return "gave up twice"
    return "got an answer"


def wsgi(environ, start_response):
    time.sleep(0.001)
    start_response("200 OK", [("Content-Length", "4")])
    return [b"wsgi"]


async def ask(host: str, port: int) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    body = (await reader.read()).partition(b"\r\n\r\n")[2]
    writer.close()
    return body


async def main() -> None:
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    assert await asyncio.gather(*(bridge.spawn(fetch, *address) for _ in range(20))) == [b"hello"] * 20
    assert await bridge.spawn(give_up, *address) == "gave up twice"
    server.close()
    pywsgi = gevent.pywsgi.WSGIServer(socket.create_server(("127.0.0.1", 0)), wsgi, log=None)
    await bridge.spawn(pywsgi.start)  # it looks up its own host name
    bodies = await asyncio.gather(*(ask("127.0.0.1", pywsgi.server_port) for _ in range(20)))
    assert bodies == [b"wsgi"] * 20
    await bridge.spawn(pywsgi.stop)


factory = uvloop.new_event_loop if sys.argv[1] == "uvloop" else asyncio.SelectorEventLoop
with asyncio.Runner(loop_factory=factory) as runner:
    runner.run(asyncio.wait_for(main(), 20))
print("ok")
