"""Programs of the tests: ``python -m tests.engine.pywsgi.programs NAME PORT``."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import tempfile
from typing import Any

import gevent

import bridge
from bridge.lowlevel import fork, join_hub
from engine.pywsgi import WSGIHandler, WSGIServer

Start = Any


def application(environ: dict[str, Any], start_response: Start) -> Any:
    path = environ["PATH_INFO"]
    if path == "/environ":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return ["\n".join(f"{key}={value}" for key, value in sorted(environ.items())).encode()]
    if path == "/echo":
        body = environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [body]
    if path == "/big":
        start_response("200 OK", [])
        return (b"x" * 65536 for _ in range(64))
    if path == "/short":
        start_response("200 OK", [("Content-Length", "10")])
        return [b"short"]
    if path == "/file":
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"from a file"))
    if path == "/large":
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the server closes it
        file.write(b"0123456789" * 300_000)
        file.seek(int(environ["QUERY_STRING"] or 0))
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](file)
    if path == "/impatient":
        write = start_response("200 OK", [])
        with gevent.Timeout(0.3, False):
            write(b"x" * 30_000_000)
        return [b"hello"]
    if path == "/trailers":
        environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [repr(environ["engine.request_trailers"]()).encode()]
    if path == "/boom":
        raise RuntimeError("boom")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


class Upgrading(WSGIHandler):
    """Speaks a protocol of its own after a 101, as handlers for WebSocket do."""

    def get_environ(self) -> dict[str, Any]:
        environ = super().get_environ()
        environ["x.handler"] = type(self).__name__
        return environ

    def run_application(self) -> None:
        if self.environ.get("HTTP_UPGRADE") != "shout":
            super().run_application()
            return
        self.start_response("101 Switching Protocols", [("Upgrade", "shout"), ("Connection", "Upgrade")])
        self.write(b"")
        while line := self.rfile.readline():
            self.socket.sendall(line.upper())

    def finalize_headers(self) -> None:
        super().finalize_headers()
        self.response_headers.append((b"X-Handler", b"upgrading"))


def plain(port: int) -> None:
    WSGIServer(("127.0.0.1", port), application).serve_forever()


def upgrading(port: int) -> None:
    WSGIServer(f"127.0.0.1:{port}", application, handler_class=Upgrading, spawn=50).serve_forever()


def of_gevent(port: int) -> None:
    """A handler that is derived from gevent's own."""
    from gevent.pywsgi import WSGIHandler as GeventHandler

    WSGIServer(("127.0.0.1", port), application, handler_class=GeventHandler).serve_forever()


def in_bridge(port: int) -> None:
    bridge.run(_serve(port))


def in_asyncio(port: int) -> None:
    asyncio.run(_serve(port))


async def _serve(port: int) -> None:
    server = WSGIServer(("127.0.0.1", port), application, spawn=10)
    server.start()
    await asyncio.Event().wait()


def prefork(port: int) -> None:
    """One socket, two processes, as gevent's documentation of ``start_accepting`` describes."""
    server = WSGIServer(("127.0.0.1", port), _tell_pid, environ={"wsgi.multiprocess": True})
    server.init_socket()
    if fork() == 0:
        server.start_accepting()
        join_hub()
        os._exit(0)
    server.start_accepting()
    join_hub()


def _tell_pid(environ: dict[str, Any], start_response: Start) -> list[bytes]:
    start_response("200 OK", [("Connection", "close")])
    return [str(os.getpid()).encode()]


def tls(port: int) -> None:
    certificate, key = sys.argv[3:5]
    WSGIServer(("127.0.0.1", port), application, certfile=certificate, keyfile=key).serve_forever()


if __name__ == "__main__":
    globals()[sys.argv[1]](int(sys.argv[2]))
