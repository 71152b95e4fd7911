"""The files and commands of ``docs/how-to/asgi-beside-wsgi.md``, as a reader would use them."""

from __future__ import annotations

import json
import re
import shlex
from importlib.util import find_spec

import pytest

from tests.support.engine_process import REPOSITORY, EngineProcess
from tests.support.http_client import HttpConnection

pytestmark = pytest.mark.engine_only("uWSGI has no ASGI")

PAGE = (REPOSITORY / "docs/how-to/asgi-beside-wsgi.md").read_text()
BLOCKS = re.findall(r"([^\n]+)\n```python\n(.*?)```", PAGE, re.S)
FILES = [(re.findall(r"`(\w+\.py)`", before)[-1], code) for before, code in BLOCKS]
COMMANDS = [
    shlex.split(text.replace("\\\n", " "))
    for text in re.findall(r"^    (gevent-engine(?:.*\\\n)*.*)", PAGE, re.M)
]

EXPECTED = [
    {"/price/tea": {"price": 30, "by": "flask"}},
    {"/price/tea": {"price": 30, "by": "flask"}, "/v2/price/tea": {"price": 30, "by": "fastapi"}},
    {
        "/order/tea": {"order": "tea", "costs": 30, "by": "flask"},
        "/v2/order/tea?host={host}": {"order": "tea", "costs": 30, "by": "fastapi"},
    },
    {"/price/tea": {"price": 30, "by": "fastapi"}, "/stock/tea": {"stock": 7, "by": "flask"}},
    {"/v3/price/tea": {"price": 30, "by": "fastapi, blocking"}, "/price/tea": {"price": 30, "by": "flask"}},
]


def test_every_file_and_command_is_found():
    assert [name for name, _ in FILES] == [
        "shop.py",
        "new.py",
        "shared.py",
        "orders.py",
        "moved.py",
        "green.py",
    ]
    assert len(COMMANDS) == len(EXPECTED)


@pytest.mark.parametrize("step", range(len(EXPECTED)))
def test_step(step, tmp_path):
    if not all(map(find_spec, ("flask", "fastapi", "aiohttp"))):
        pytest.skip("flask, fastapi or aiohttp is not installed")
    for name, code in FILES:
        (tmp_path / name).write_text(code)
    name, *options = COMMANDS[step]
    assert name == "gevent-engine"
    at = options.index("--http-socket")
    del options[at : at + 2]  # the test listens on a port of its own
    with EngineProcess(*options, cwd=tmp_path) as engine:
        engine.wait_ready()
        host = f"{engine.http[0]}:{engine.http[1]}"
        for target, answer in EXPECTED[step].items():
            target = target.format(host=host)
            assert json.loads(_get(engine, target, host)) == answer


def _get(engine, target, host):
    with HttpConnection(engine.http) as connection:
        return connection.request("GET", target, [("Host", host), ("Connection", "close")]).body
