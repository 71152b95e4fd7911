"""The documentation as a site: every page has its place, every link its target."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# Outside of docs/, where MkDocs does not look.
LOOSE_PAGES = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md", "tests/fuzz/README.md"]


def pages_of(directory: Path) -> list[str]:
    return sorted(path.relative_to(DOCS).as_posix() for path in directory.rglob("*.md"))


def hook() -> ModuleType:
    spec = spec_from_file_location("site_nav", ROOT / "scripts/site_nav.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_in_the_navigation_once() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    hook().complete(nav, DOCS)
    assert sorted(hook().named_pages(nav)) == pages_of(DOCS)


def test_the_readme_names_every_how_to() -> None:
    text = (ROOT / "README.md").read_text()
    missing = [page for page in pages_of(DOCS / "how-to") if f"(docs/{page})" not in text]
    assert not missing, "add these to the how-tos in README.md"


@pytest.mark.parametrize("page", LOOSE_PAGES)
def test_relative_links_of_other_pages_lead_somewhere(page: str) -> None:
    source = ROOT / page
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", source.read_text())
    dead = [to for to in targets if "://" not in to and not (source.parent / to).exists()]
    assert not dead


@pytest.mark.parametrize("page", LOOSE_PAGES)
def test_links_to_headings_of_pages_have_them(page: str) -> None:
    source = ROOT / page
    targets = re.findall(r"\]\(([^)#\s:]+\.md)#([^)\s]+)\)", source.read_text())
    assert [(to, name) for to, name in targets if name not in headings_of(source.parent / to)] == []


def headings_of(page: Path) -> set[str]:
    """Names of a page's headings as GitHub makes them."""
    titles = re.findall(r"(?m)^#+ (.*)$", page.read_text())
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "site/how-to/migrate-from-uwsgi/index.html").exists()
