"""The changelog's top entry is the version that is built."""

from __future__ import annotations

import re
from pathlib import Path

from bridge._version import __version__


def test_the_top_of_the_changelog_is_this_version() -> None:
    text = (Path(__file__).parent.parent / "CHANGELOG.md").read_text()
    match = re.search(r"^## (\S+)", text, re.M)
    assert match is not None
    assert match[1] == __version__
