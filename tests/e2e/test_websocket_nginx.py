"""Websockets through nginx, which speaks uwsgi or HTTP to the engine."""

from __future__ import annotations

import pytest

from tests.support.nginx import running_nginx
from tests.support.websockets import open_websocket

APPS = [
    "--module=ws_calls",
    pytest.param("--asgi=ws_asgi", marks=pytest.mark.engine_only("uWSGI has no ASGI")),
]


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize(("protocol", "path"), [("uwsgi", "/echo"), ("http", "/ws/echo")])
def test_messages_come_back(start_engine, address, tmp_path, protocol, path, app) -> None:
    option = "--socket" if protocol == "uwsgi" else "--http-socket"
    start_engine(app, option, f"{address[0]}:{address[1]}", addresses=[address])
    with (
        running_nginx(tmp_path, **{protocol: address}) as nginx,
        open_websocket(nginx.addresses[0], path) as client,
    ):
        for message in ("through nginx", b"\0" * 300_000):
            client.send(message)
            assert client.recv(timeout=10) == message
