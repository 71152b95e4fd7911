"""Programs written for asyncio-gevent run when only their import is changed."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.compat import asyncio_gevent
from bridge.loop import loop
from tests.bridge.compat.programs import PROGRAMS

ROOT = Path(__file__).resolve().parents[3]
ORIGINAL = importlib.util.find_spec("asyncio_gevent") is not None


def run(text: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", text],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_prints_what_it_should(name: str) -> None:
    program = PROGRAMS[name]
    text = program.text.replace("import asyncio_gevent\n", "from bridge.compat import asyncio_gevent\n")
    assert text != program.text
    done = run(text)
    assert (done.stdout, done.returncode) == (program.prints, 0), done.stderr


@pytest.mark.skipif(not ORIGINAL, reason="asyncio-gevent is not installed")
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="asyncio-gevent 0.2.5 hangs on Python 3.14")
@pytest.mark.parametrize("name", [name for name, program in PROGRAMS.items() if program.original])
def test_it_prints_the_same_with_the_original(name: str) -> None:
    program = PROGRAMS[name]
    done = run(program.text)
    assert sorted(done.stdout.splitlines()) == sorted(program.prints.splitlines()), done.stderr


def test_geventloop_is_the_bridges_loop() -> None:
    assert asyncio_gevent.gevent_loop.GeventLoop is loop
    done = run(
        "import gevent; print(type(gevent.get_hub().loop).__module__); gevent.sleep(0.01)",
        GEVENT_LOOP="bridge.compat.asyncio_gevent.gevent_loop.GeventLoop",
    )
    assert (done.stdout, done.returncode) == ("bridge.loop\n", 0), done.stderr


@pytest.mark.skipif(not ORIGINAL, reason="asyncio-gevent is not installed")
def test_arguments_have_the_same_names_order_and_defaults() -> None:
    program = (
        "import asyncio_gevent, inspect, json\n"
        "print(json.dumps({name: [(p.name, str(p.default)) for p in "
        "inspect.signature(getattr(asyncio_gevent, name)).parameters.values()] "
        "for name in asyncio_gevent.__all__}))"
    )
    theirs = json.loads(run(program).stdout)
    ours = {
        name: [
            [each.name, str(each.default)]
            for each in inspect.signature(getattr(asyncio_gevent, name)).parameters.values()
        ]
        for name in theirs
    }
    assert ours == theirs
