"""Programs that stand in the documentation, to be run as a reader would."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.engine_process import REPOSITORY

__all__ = ["write_examples"]


def write_examples(page: str, directory: Path) -> list[str]:
    """Write the Python examples of *page* that begin with ``# NAME.py`` into *directory*.

    :return: their names
    """
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for name, source in examples:
        (directory / name).write_text(source, encoding="utf-8")
    return [name for name, _ in examples]
