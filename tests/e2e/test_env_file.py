"""--env-file: variables of the application, read again at a reload."""

from __future__ import annotations

import os
import signal

import pytest

from tests.support.http_client import get
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only

APP = """
import os

at_import = os.environ["SHOP"]

def application(environ, start_response):
    start_response("200 OK", [])
    return [at_import.encode()]
"""


def test_a_reload_reads_it_again(start_engine, tmp_path):
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / ".env").write_text("SHOP='the old one'\n")
    engine = start_engine(
        *("--chdir", str(tmp_path), "--module", "app", "--master", "--env-file", str(tmp_path / ".env"))
    )
    assert get(engine.http, "/").body == b"the old one"
    (tmp_path / ".env").write_text("SHOP='the new one'\n")
    os.kill(engine.pid, signal.SIGHUP)
    wait_until(lambda: get(engine.http, "/").body == b"the new one", timeout=20, what="the reload")
