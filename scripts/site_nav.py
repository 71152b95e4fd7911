"""A hook of MkDocs: pages that ``nav`` in mkdocs.yml does not name come at the end of their section.

A new page so has a place at once; naming it in ``nav`` gives it a better one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

SECTIONS = {"tutorial": "Tutorial", "how-to": "How to run", "reference": "Reference", "design": "Design"}


def on_config(config: Any) -> Any:
    """Complete the navigation (MkDocs calls this once, before anything else)."""
    complete(config["nav"], Path(config["docs_dir"]))
    return config


def complete(nav: list[Any], docs: Path) -> None:
    """Append every page below *docs* that *nav* does not name; a folder without section is a KeyError."""
    sections = {title: pages for item in nav for title, pages in item.items()}
    named = set(named_pages(nav))
    for path in sorted(docs.rglob("*.md")):
        page = path.relative_to(docs).as_posix()
        if page not in named:
            sections[SECTIONS[page.partition("/")[0]]].append(page)


def named_pages(item: Any) -> Iterator[str]:
    """Yield the pages of a navigation."""
    if isinstance(item, str):
        yield item
        return
    for inner in item.values() if isinstance(item, dict) else item:
        yield from named_pages(inner)
