"""uwsgidecorators in real servers."""

from __future__ import annotations

import ast

import pytest

from tests.support.http_client import get

ours = pytest.mark.engine_only("uWSGI does otherwise")


@pytest.fixture
def engine(start_engine):
    return start_engine("--master", "--processes=2", "--module", "decorated")


def ask(engine, path):
    return ast.literal_eval(get(engine.http, path).text)


def test_postfork(engine):
    for text in ("everywhere 1", "everywhere 2", "only in two 2"):
        engine.wait_for_log(text)
    assert "only in two 1" not in engine.log()
    assert ask(engine, "/hook") == "postfork_chain_hook"


def test_functions_stay_what_they_are(engine):
    assert ask(engine, "/names") == ["forty", True, "postfork"]


def test_free_signals_are_the_lowest(engine):
    assert ask(engine, "/free") == 2


def test_thread(engine):
    assert ask(engine, "/thread") == "in_thread"
    engine.wait_for_log("in thread 5")


@ours
def test_harakiri_ends_the_request_only(engine):
    assert get(engine.http, "/slow").status == 504
    assert ask(engine, "/free") == 2


@ours
def test_the_module_needs_no_master(start_engine):
    engine = start_engine("--module", "decorated")
    engine.wait_for_log("everywhere 1")
    assert ask(engine, "/names") == ["forty", True, "postfork"]


@ours
def test_outside_the_server_there_is_no_uwsgi(tmp_path):
    import subprocess
    import sys

    code = "import engine.uwsgi_api.finder, importlib.util; print(importlib.util.find_spec('uwsgi'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"
