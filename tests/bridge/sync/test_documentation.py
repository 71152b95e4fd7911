"""The examples of the documentation, each in an interpreter of its own, as a reader would run it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = ["docs/reference/primitives.md", "docs/how-to/share-locks-and-queues.md"]
EXAMPLES = [
    pytest.param(code, id=f"{Path(page).stem}-{n}")
    for page in PAGES
    for n, code in enumerate(re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.S))
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_example_runs(code: str, host: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_public_method_is_in_the_table() -> None:
    import bridge.sync as sync

    text = (ROOT / PAGES[0]).read_text()
    for name in (
        "Event",
        "Lock",
        "RLock",
        "Semaphore",
        "BoundedSemaphore",
        "Condition",
        "Queue",
        "LifoQueue",
    ):
        assert f"`{name}" in text
        public = {method for method in dir(getattr(sync, name)) if not method.startswith("_")}
        missing = {method for method in public if not re.search(rf"`{method}\b", text)}
        assert missing <= {"maxsize", "unfinished_tasks", "is_shut_down"}, name
