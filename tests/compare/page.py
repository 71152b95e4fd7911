"""The page of differences: ``python -m tests.compare.page > docs/reference/uwsgi-compared.md``."""

from __future__ import annotations

from typing import Final

from tests.compare.differences import DIFFERENCES

__all__ = ["page"]

_HEAD: Final = """\
# The `uwsgi` module beside uWSGI's own

One program (`tests/compare/probes.py`) calls every function, attribute and decorator with good and with bad
arguments. `tests/compare` runs it under uWSGI 2.0.31 with `--gevent` and under gevent-engine, and compares
values, types, classes of errors and their texts. Where they differ, the test wants a reason. These are all:

| why | where |
|---|---|
"""


def page() -> str:
    """Return the page."""
    rows = (
        f"| {reason} | {', '.join(f'`{name}`' for name in names)} |" for reason, names in DIFFERENCES.items()
    )
    return _HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(page(), end="")
