"""Every option of uWSGI is told from a typing error."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli import main
from engine.config import OPTIONS, logic
from engine.config.options.elsewhere import advice_for
from engine.config.options.foreign import ADVICE

# Names that "uwsgi --help" of 2.0.31 lists, without PCRE and JSON.
NAMES = Path(__file__).with_name("uwsgi_options.txt").read_text().split()


def is_known(name: str) -> bool:
    return (
        OPTIONS.find(name) is not None
        or advice_for(name) is not None
        or logic.is_if(name)
        or logic.is_for(name)
        or name in logic.END_IF
        or name in logic.END_FOR
    )


def test_every_option_of_uwsgi_is_known() -> None:
    assert len(NAMES) > 900
    assert [name for name in NAMES if not is_known(name)] == []


def test_what_is_advised_against_is_no_option_here() -> None:
    assert [name for name in ADVICE if OPTIONS.find(name) is not None] == []


def test_check_config_lists_refused_and_unknown_names_instead_of_ending_at_the_first(
    tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.ini").write_text(
        "[uwsgi]\nmine = x\nmodule = %(mine)\nhttp-socket = :0\ngevnt = 3\n"
        "route = ^/x addheader:Y: z\nksm = 1\nhonour-stdin = true\n"
    )
    assert main([str(tmp_path / "app.ini"), "--check-config"]) == 1
    told = {line.split()[1]: line.split()[0] for line in capsys.readouterr().out.splitlines()[:-1]}
    del told["ini"]
    assert told == {
        "mine": "name",
        "module": "supported",
        "http-socket": "supported",
        "gevnt": "unknown",
        "route": "refused",
        "ksm": "refused",
        "honour-stdin": "ignored",
    }
