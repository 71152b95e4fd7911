"""Every example of these pages runs, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]
# Pages, and how many examples each has.
PAGES = {
    "docs/how-to/mix-asyncio-in.md": 6,
    "docs/how-to/attach-to-a-running-loop.md": 4,
    "docs/how-to/async-frameworks.md": 3,
    "docs/design/green-tasks.md": 2,
}
_FOREIGN = (
    "aiohttp",
    "aiosqlite",
    "django",
    "fastapi",
    "flask",
    "locust",
    "sqlalchemy",
    "uvicorn",
    "websockets",
)


def examples(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (_ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_there_are_examples(page: str) -> None:
    assert len(examples(page)) == PAGES[page]


@pytest.mark.parametrize(
    ("page", "number"), [(page, number) for page, count in PAGES.items() for number in range(count)]
)
def test_example(page: str, number: int) -> None:
    example = examples(page)[number]
    for package in _FOREIGN:
        if re.search(rf"\b{package}\b", example) and find_spec(package) is None:
            pytest.skip(f"no {package}")
    # What other projects deprecate is not our business.
    warnings = ["-W", "error"] if not any(package in example for package in _FOREIGN) else []
    ended = subprocess.run(
        [sys.executable, *warnings, "-c", example],
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
