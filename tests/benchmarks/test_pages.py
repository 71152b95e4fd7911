"""The tables of the README and of the reference page are made of the committed results, by nobody's hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks.http.workloads import WORKLOADS
from benchmarks.pages import BEGIN, END, PAGES, PARTS, insert
from benchmarks.places import RESULTS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_made_of_the_results(page: Path) -> None:
    text = page.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert insert(text, PAGES[page](RESULTS)) == text, "run: python -m benchmarks --render"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pictures_of_a_page_exist(page: Path) -> None:
    pictures = re.findall(r"!\[\w+\]\(([^)]+)\)", page.read_text())
    assert pictures
    for picture in pictures:
        assert (page.parent / picture).is_file()


def test_every_results_file_is_shown() -> None:
    shown = {part.name for part in PARTS} | {"features"}
    assert {path.stem for path in RESULTS.glob("*.json")} <= shown


def test_results_of_a_workload_say_how_they_came_about() -> None:
    for name in WORKLOADS:
        path = RESULTS / f"{name}.json"
        if path.exists():
            results = json.loads(path.read_text())
            assert results["workload"]["name"] == name
            assert {"cpu", "cores", "python", "packages", "load_before", "pinned"} <= set(results["settings"])
            for peer in results["peers"].values():
                assert len(peer["runs"]) >= 5
                valid = [run for run in peer["runs"] if not run["problem"]]
                assert all(0 < run["p50_ms"] <= run["p99_ms"] for run in valid)


def test_a_picture_is_made_of_results_and_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", exc_type=ImportError)
    from benchmarks.plots import draw_all

    (tmp_path / "hello.json").write_text((RESULTS / "hello.json").read_text())
    first = {path.name: path.read_text() for path in draw_all(tmp_path)}
    assert set(first) == {"http.svg", "hello.svg"}
    assert all("gevent-engine" in text for text in first.values())
    assert {path.name: path.read_text() for path in draw_all(tmp_path)} == first
