"""The examples of the how-to, run with the settings that stand there."""

from __future__ import annotations

import re

from tests.bridge.pytest_plugin.conftest import ROOT, Run

pytest_plugins = ("pytester",)

PAGE = (ROOT / "docs" / "how-to" / "test-with-pytest.md").read_text()
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SETTINGS = re.findall(r"^```ini\n\[pytest\]\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_example_passes_on_both_loops(project: Run) -> None:
    settings = "\n".join(line for line in SETTINGS[0].splitlines() if not line.startswith("asyncio_"))
    project(PROGRAMS[0], ini=settings).assert_outcomes(passed=6)


def test_it_passes_patched(project: Run) -> None:
    project(PROGRAMS[0], ini=SETTINGS[1]).assert_outcomes(passed=3)


def test_the_example_for_anyio_passes(project: Run) -> None:
    project(PROGRAMS[1], "-p", "no:asyncio", ini="bridge_leaks = error").assert_outcomes(passed=2)
