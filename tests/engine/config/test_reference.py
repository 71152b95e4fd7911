"""What is generated from the option records: the reference page, the report of --check-config."""

from __future__ import annotations

from pathlib import Path

from engine.config import OPTIONS, read
from engine.config.options import Status
from engine.config.reference import options_page
from engine.config.report import check_report

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "options.md"


def test_the_page_in_docs_is_up_to_date():
    assert PAGE.read_text() == options_page(OPTIONS), (
        "python -m engine.config.reference > docs/reference/options.md"
    )


def test_every_option_is_on_the_page():
    page = options_page(OPTIONS)
    for option in OPTIONS:
        assert f"`--{option.name}`" in page


def test_the_report_names_every_option_and_what_becomes_of_it(tmp_path):
    config = tmp_path / "app.ini"
    config.write_text(
        "[uwsgi]\nhome-dir = /srv\nchdir = %(home-dir)\nenable-threads = true\nthreads = 4\n"
        "http-auto-gzip = true\nfastcgi-socket = false\n"
    )
    text, usable = check_report(read([str(config)], {}, OPTIONS), OPTIONS)
    assert not usable
    words = {line.split("(")[0].rsplit(" ", 2)[-2]: line.split("  ")[0] for line in text.splitlines()[:-1]}
    assert words["chdir"].startswith("supported")
    assert words["enable-threads"].startswith("ignored")
    assert words["threads"].startswith("refused")
    assert words["http-auto-gzip"].startswith("supported")
    assert words["home-dir"].startswith("name")
    assert "line 5" in next(line for line in text.splitlines() if line.startswith("refused"))
    assert "--processes for more CPUs" in text


def test_ignored_options_say_why():
    assert [option.name for option in OPTIONS if option.status is Status.NOOP and not option.note] == []
