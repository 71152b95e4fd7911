"""--gevent-patch-except: what monkey patching leaves alone."""

from __future__ import annotations

import json

import pytest

from tests.support.engine_process import run_engine
from tests.support.http_client import get

pytestmark = pytest.mark.engine_only

APP = """
import json
from gevent.monkey import is_module_patched

def application(environ, start_response):
    start_response("200 OK", [])
    seen = {name: is_module_patched(name) for name in ("socket", "subprocess", "signal")}
    return [json.dumps(seen).encode()]
"""


@pytest.mark.parametrize("when", ["--gevent-early-monkey-patch", "--gevent-monkey-patch"])
def test_the_rest_is_patched(start_engine, tmp_path, when):
    (tmp_path / "app.py").write_text(APP)
    engine = start_engine(
        "--chdir", str(tmp_path), "--module", "app", when, "--gevent-patch-except", "subprocess,signal"
    )
    seen = json.loads(get(engine.http, "/").body)
    assert seen == {"socket": True, "subprocess": False, "signal": False}


def test_what_gevent_does_not_patch_is_an_error():
    done = run_engine("--http-socket", ":0", "--module", "app", "--gevent-patch-except", "json")
    assert done.returncode == 1
    assert "gevent does not patch 'json'; it does dns, os, queue" in done.stderr
