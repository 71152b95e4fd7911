"""The option table: every record is complete and reachable."""

from __future__ import annotations

import pytest

from engine.config.options import OPTIONS, Option, OptionTable, Section, Status
from engine.config.options.elsewhere import advice_for

SUPPORTED = [
    "gevent",
    "async",
    "loop",
    "http-socket",
    "http",
    "socket",
    "uwsgi-socket",
    "module",
    "wsgi",
    "callable",
    "wsgi-file",
    "file",
    "chdir",
    "pythonpath",
    "python-path",
    "pp",
    "gevent-monkey-patch",
    "gevent-early-monkey-patch",
    "gevent-wait-for-hub",
    "disable-logging",
    "master",
    "processes",
    "workers",
    "ini",
    "worker-reload-mercy",
    "reload-mercy",
    "listen",
    "buffer-size",
    "socket-timeout",
    "limit-post",
    "chmod-socket",
    "env",
    "need-app",
    "lazy-apps",
    "vacuum",
    "pidfile",
    "die-on-term",
    "home",
    "virtualenv",
    "catch-exceptions",
    "wsgi-strict",
    "http-keepalive",
    "loop-backend",
    "http-max-header-count",
    "http-max-request-line",
    "show-config",
    "check-config",
    "version",
    "help",
    "set",
    "set-ph",
    "set-placeholder",
    "include",
    "inherit",
]


@pytest.mark.parametrize("name", SUPPORTED)
def test_an_option_of_the_first_release_is_supported(name):
    option = OPTIONS.find(name)
    assert option is not None
    assert option.status is Status.SUPPORTED


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("plugins", Status.NOOP),
        ("plugin", Status.NOOP),
        ("enable-threads", Status.NOOP),
        ("single-interpreter", Status.NOOP),
        ("thunder-lock", Status.NOOP),
        ("need-plugin", Status.NOOP),
        ("threads", Status.REFUSED),
        ("harakiri", Status.SUPPORTED),
        ("cheaper", Status.SUPPORTED),
        ("collect-header", Status.SUPPORTED),
        ("stats", Status.SUPPORTED),
    ],
)
def test_the_status_of_other_options(name, status):
    option = OPTIONS.find(name)
    assert option is not None
    assert option.status is status


@pytest.mark.parametrize("option", list(OPTIONS), ids=lambda option: option.name)
def test_a_record_is_complete(option):
    assert option.priority in {"P0", "P1", "P2"}
    assert option.document or option.is_own
    if option.status is Status.SUPPORTED:
        assert option.help.endswith(".")
    if option.status in (Status.NOOP, Status.REFUSED):
        assert option.note
    assert not option.note.endswith(".")
    assert len(option.short) <= 1


LETTERS = {
    "s": "socket", "w": "module", "H": "home", "p": "processes", "M": "master", "L": "disable-logging",
    "l": "listen", "b": "buffer-size", "z": "socket-timeout", "C": "chmod-socket", "T": "enable-threads",
    "i": "single-interpreter", "S": "set", "h": "help", "t": "harakiri", "R": "max-requests", "v": "max-vars",
}  # fmt: skip


@pytest.mark.parametrize(("letter", "name"), list(LETTERS.items()))
def test_letters_are_those_of_uwsgi(letter, name):
    option = OPTIONS.find_short(letter)
    assert option is not None
    assert option.name == name


def test_two_options_of_one_name_are_refused():
    with pytest.raises(ValueError, match="'x'"):
        OptionTable([Section("one", (Option("x"), Option("y", aliases=("x",))))])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("gevnt", ["did you mean", "--gevent"]),
        ("http_socket", ["--http-socket"]),
        ("fastrouter-use-cache", ["uWSGI has it", "nginx"]),
        ("emperor-tyrant", ["systemd"]),
        ("qqq", ["--help"]),
    ],
)
def test_an_unknown_name_gets_advice(wrong, words):
    assert OPTIONS.find(wrong) is None
    for word in words:
        assert word in OPTIONS.advice(wrong)


def test_families_do_not_hide_options_of_our_own():
    for option in OPTIONS:
        if option.status is not Status.REFUSED and not option.name.startswith(("exec-", "hook-", "cheaper-")):
            assert advice_for(option.name) is None, option.name
