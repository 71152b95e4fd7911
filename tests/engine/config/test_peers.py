"""Options of other Python servers: whoever types them is told what they are called here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.cli import main
from engine.config import OPTIONS
from engine.config.options import Status
from engine.config.options.elsewhere import advice_for
from engine.config.options.peers import _BY_ANSWER, LETTERS, name_here

NAMES = [name for names in _BY_ANSWER.values() for name in names.split()]


def test_no_name_is_one_of_ours_and_none_is_there_twice() -> None:
    assert [name for name in NAMES if OPTIONS.find(name) is not None or advice_for(name) is not None] == []
    assert len(set(NAMES)) == len(NAMES)
    assert [letter for letter in LETTERS if OPTIONS.find_short(letter) is not None] == []
    assert [name for name in LETTERS.values() if name_here(name) is None] == []


def test_every_option_of_the_other_servers_is_known() -> None:
    """peer_options.txt holds what ``--help`` of each shows, a line for each server with its version."""
    lines = Path(__file__).with_name("peer_options.txt").read_text().splitlines()
    assert len(lines) == 4
    for line in lines:
        server, _, names = line.partition(": ")
        unknown = [
            name for name in names.split() if not (OPTIONS.find(name) or advice_for(name) or name_here(name))
        ]
        assert unknown == [], server


def test_what_is_named_instead_exists() -> None:
    for answer in _BY_ANSWER:
        for name in re.findall(r"--([a-z0-9-]+)", answer):
            option = OPTIONS.find(name)
            assert option is not None, answer
            assert option.status is Status.SUPPORTED, answer


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--bind", ":8000"], "unknown option --bind; write --http-socket ADDRESS"),
        (["--timeout", "30"], "unknown option --timeout; write --harakiri SECONDS"),
        (["--limit_request_line", "30"], "write --http-max-request-line"),
        (["--http2-max-frame-size", "16384"], "unknown option --http2-max-frame-size; windows are 64 KiB"),
        (["--reset-contextvars"], "unknown option --reset-contextvars; no request sees context variables"),
        (["-k", "gevent"], "unknown option -k; every request runs in a greenlet"),
        (["-Mk", "gevent"], "unknown option -k in -Mk;"),
        (["-J"], "unknown option -J; see gevent-engine --help"),
        (["-b", ":8000"], "--buffer-size :8000: -b is --buffer-size, as in uWSGI; write an address as"),
        (["-w", "4"], "--module 4: a module is needed .*; write --processes N"),
        (["--http", "127.0.0.1"], "has no port: write 127.0.0.1:8000, or ./127.0.0.1 for a unix socket"),
        (["--http", "localhost"], "has no port: write localhost:8000"),
        (["--http", "unix:/run/x.sock"], "write the path of a unix socket alone: /run/x.sock"),
        (["--http", "unix:///run/x.sock"], "alone: /run/x.sock"),
    ],
)
def test_the_message(argv: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*argv, "--check-config"]) != 0
    shown = capsys.readouterr()
    assert re.search(said, shown.out + shown.err), shown
