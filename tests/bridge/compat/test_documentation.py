"""The programs of the how-to run as they stand there."""

from __future__ import annotations

import re

import pytest

from tests.bridge.compat.test_asyncio_gevent import ROOT, run

PAGE = ROOT / "docs" / "how-to" / "move-from-asyncio-gevent.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
EXPECTED = ["[42, 42]\n", "3\n"]


@pytest.mark.parametrize(("number", "expected"), list(enumerate(EXPECTED)))
def test_the_example_runs(number: int, expected: str) -> None:
    assert len(PROGRAMS) == len(EXPECTED)
    done = run(PROGRAMS[number])
    assert (done.stdout, done.returncode) == (expected, 0), done.stderr
