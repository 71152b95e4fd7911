"""The applications of docs/how-to/websockets.md, each in a server."""

from __future__ import annotations

import re

import pytest

from tests.support.engine_process import REPOSITORY
from tests.support.http_client import get
from tests.support.websockets import open_websocket

PAGE = (REPOSITORY / "docs" / "how-to" / "websockets.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.S)
pytestmark = pytest.mark.engine_only("uWSGI has not all of this")


def serve(start_engine, directory, code, *options):
    (directory / "example.py").write_text(code)
    return start_engine("--chdir", str(directory), "--wsgi-file", "example.py", *options)


def test_the_first_answers(start_engine, tmp_path) -> None:
    engine = serve(start_engine, tmp_path, EXAMPLES[0])
    with open_websocket(engine.http, "/") as client:
        client.send("hi")
        assert client.recv(timeout=10) == "you said hi"


def test_the_second_ticks_and_answers(start_engine, tmp_path) -> None:
    engine = serve(start_engine, tmp_path, EXAMPLES[1])
    with open_websocket(engine.http, "/") as client:
        assert client.recv(timeout=10) == "tick 1"
        client.send("hi")
        heard = client.recv(timeout=10)
        while str(heard).startswith("tick"):
            heard = client.recv(timeout=10)
        assert heard == "hi"


def test_the_third_echoes_and_refuses(start_engine, tmp_path) -> None:
    engine = serve(start_engine, tmp_path, EXAMPLES[2])
    with open_websocket(engine.http, "/") as client:
        client.send(b"\0")
        assert client.recv(timeout=10) == b"\0"
    assert get(engine.http, "/").status == 400


def test_the_fourth_is_for_asgi(start_engine, tmp_path) -> None:
    (tmp_path / "example.py").write_text(EXAMPLES[3])
    engine = start_engine("--chdir", str(tmp_path), "--asgi", "example")
    with open_websocket(engine.http, "/") as client:
        client.send("hi")
        assert client.recv(timeout=10) == "hi"


def test_every_option_of_the_page_exists() -> None:
    from engine.config.options.table import OPTIONS

    names = {name for option in OPTIONS for name in option.names}
    assert set(re.findall(r"^\| `--([a-z-]+)`", PAGE, re.M)) <= names
