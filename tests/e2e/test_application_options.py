"""Options about what surrounds applications: imports, bodies read beforehand, header fields."""

from __future__ import annotations

from functools import partial

import pytest

from tests.support.http_client import HttpConnection, get, request_bytes

ours = pytest.mark.engine_only("wording")

APP = """
import os, sys

def application(environ, start_response):
    body = environ["wsgi.input"]
    text = f"{os.getcwd()} {sorted(name for name in sys.modules if name.startswith('mine_'))}"
    if environ["REQUEST_METHOD"] == "POST":
        first = body.read()
        body.seek(0)
        text = f"{len(first)} {first == body.read()}"
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Secret", "1"), ("x-other", "2")])
    return [text.encode()]
"""
ASGI = """
async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-secret", b"1")]})
    await send({"type": "http.response.body", "body": b"hello"})
"""


@pytest.fixture
def start(start_answering, tmp_path):
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "aapp.py").write_text(ASGI)
    for name in ("mine_one", "mine_two", "mine_three"):
        (tmp_path / f"{name}.py").write_text("import os\nprint(__name__, 'in', os.getpid(), flush=True)\n")
    (tmp_path / "below").mkdir()
    (tmp_path / "spool").mkdir()
    return partial(start_answering, "--chdir", str(tmp_path))


@pytest.mark.parametrize("lazy", [[], ["--lazy-apps"]], ids=["preloaded", "lazy"])
@ours
def test_modules_are_imported_and_the_directory_changes_after_loading(start, tmp_path, lazy):
    engine = start("--module=app", "--import=mine_one", "--shared-import=mine_two", "--chdir2=below", *lazy)
    assert get(engine.http).text == f"{tmp_path / 'below'} ['mine_one', 'mine_two']"


@pytest.mark.parametrize("master", [["--master"], []], ids=["master", "alone"])
@ours
def test_modules_for_spoolers(start, tmp_path, master):
    engine = start("--module=app", f"--spooler={tmp_path / 'spool'}", "--spooler-import=mine_three", *master)
    engine.wait_for_log("mine_three in")
    assert ("mine_three" in get(engine.http).text) is not bool(master)


@ours
def test_an_import_that_fails_ends_the_start(start_engine, tmp_path):
    (tmp_path / "app.py").write_text(APP)
    engine = start_engine("--chdir", str(tmp_path), "--module=app", "--import=no_such_module")
    assert engine.wait_exit() != 0
    assert "no_such_module" in engine.log()


@pytest.mark.parametrize("size", [0, 10, 200_000])
def test_a_body_that_was_read_beforehand_can_be_read_again(start, size):
    engine = start("--module=app", "--post-buffering=4096")
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("POST", "/", [("Content-Length", str(size))], b"x" * size))
        assert connection.reader.read().text == f"{size} True"


def test_header_fields_of_every_reply(start):
    engine = start("--module=app", "--add-header=X-Shop: a: b", "--del-header=x-secret")
    answer = get(engine.http)
    assert answer.header("X-Shop") == "a: b"
    assert answer.header("X-Secret") is None
    assert answer.header("x-other") == "2"


@ours
def test_header_fields_of_asgi_replies_and_of_files(start, tmp_path):
    (tmp_path / "below" / "file.txt").write_text("file")
    engine = start(
        "--asgi=aapp",
        "--add-header=X-Shop: yes",
        "--rem-header=x-secret",
        f"--static-map=/s={tmp_path / 'below'}",
    )
    answer = get(engine.http)
    assert answer.header("X-Shop") == "yes"
    assert answer.header("x-secret") is None
    assert get(engine.http, "/s/file.txt").header("X-Shop") == "yes"
