"""The command: what it prints, what it returns, what it leaves alone."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from engine import cli
from engine.config import read, resolve
from engine.config.help import help_text
from engine.config.options import OPTIONS, Status

REPOSITORY = Path(__file__).parents[3]

# What early monkey patching must come before, and what makes --help slow.
FORBIDDEN = {"asyncio", "gevent", "greenlet", "uvloop", "bridge", "ssl", "socket", "selectors", "threading"}


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")


def test_help_has_every_supported_option_and_fits(capsys):
    assert cli.main(["--nonsense", "--help"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    for option in OPTIONS:
        if option.status is Status.SUPPORTED:
            assert all(f"--{name}" in out for name in option.names)
        else:
            assert option.name in out
    assert "[UWSGI_SOCKET_TIMEOUT]" in out
    assert "Default: 65536." in out
    assert all(len(line) <= 100 for line in out.splitlines())
    assert "\n\nSockets:\n" in out


@pytest.mark.parametrize(("width", "longest"), [(1, 40), (60, 60), (80, 80), (200, 200)])
def test_help_wraps_to_the_width_but_not_below_40(width, longest):
    usage, _, sections = help_text(OPTIONS, width).partition("\n\nSockets:\n")
    assert all(len(line) <= 79 for line in usage.splitlines())
    # A long name by itself cannot be wrapped.
    lines = [line for line in sections.splitlines() if " " in line.strip()]
    assert max(map(len, lines)) in range(longest - 20, longest + 1)


@pytest.mark.parametrize("argv", [["-h"], ["--help"], ["--usage"], ["-Lh"]])
def test_spellings_of_help(argv, capsys):
    assert cli.main(argv) == 0
    assert capsys.readouterr().out.startswith("usage: gevent-engine")


def test_version(capsys):
    from bridge._version import __version__

    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"gevent-engine {__version__}\n"


@pytest.mark.parametrize(
    ("argv", "status", "words"),
    [
        (["--gevnt", "3"], 2, ["gevent-engine: error: ", "--gevnt", "--gevent"]),
        (["--gevent"], 2, ["--gevent needs a value"]),
        (["--gevent", "x"], 1, ["--gevent x"]),
        (["--module", "x"], 1, ["--http-socket"]),
        (["none.ini"], 1, ["none.ini"]),
    ],
)
def test_errors_go_to_stderr_with_the_status_of_their_class(argv, status, words, capsys):
    assert cli.main(argv) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    for word in words:
        assert word in err


def test_check_config(capsys):
    assert cli.main(["--check-config", "--http", ":0", "--module", "x"]) == 0
    assert capsys.readouterr().out == (
        "supported  http (the command line)\nsupported  module (the command line)\n"
        "the configuration can be used\n"
    )
    assert cli.main(["--check-config", "--module", "x"]) == 1
    capsys.readouterr()
    assert cli.main(["--check-config", "--http", ":0", "--module", "x", "--threads", "4", "--ugreen"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("refused")] == [
        ["refused", "threads"],
        ["refused", "ugreen"],
    ]


def test_show_config_prints_one_ini_file_and_ends(capsys, tmp_path):
    (tmp_path / "a.ini").write_text("[uwsgi]\nx = 1\nenv = A=%(x)%%Y%(y)\ninclude = b.ini\n")
    (tmp_path / "b.ini").write_text("[uwsgi]\nmaster\n")
    assert cli.main(["--show-config", "a.ini", "-L"]) == 0
    assert capsys.readouterr().out == (
        ";uWSGI instance configuration\n[uwsgi]\nenv = A=1%%Y%(y)\nmaster = true\n"
        "disable-logging = true\n;end of configuration\n"
    )


def test_shown_config_means_the_same_when_read_again(capsys, tmp_path):
    argv = [
        "--gevent=3",
        "--http=:0",
        "-M",
        "--env=A=%d",
        "-C",
        "--http-keepalive",
        "-T",
        "--set=a=x",
        "-w%(a)",
    ]
    assert cli.main(["--show-config", *argv]) == 0
    (tmp_path / "shown.ini").write_text(capsys.readouterr().out)
    again = resolve(read(["shown.ini"], {}, OPTIONS))
    first = resolve(read(argv, {}, OPTIONS))
    assert dataclasses.replace(again, opt={}) == dataclasses.replace(first, opt={})


def test_show_config_in_a_file_prints_and_goes_on(capsys, tmp_path):
    (tmp_path / "a.ini").write_text("[uwsgi]\nshow-config = true\n")
    assert cli.main(["a.ini", "--check-config", "--http", ":0", "--module", "x"]) == 0
    assert capsys.readouterr().out.endswith("\nthe configuration can be used\n")


def test_a_typing_error_in_the_environment_is_mentioned(capsys, monkeypatch):
    monkeypatch.setenv("UWSGI_PROCESES", "3")
    monkeypatch.setenv("UWSGI_ORIGINAL_PROC_NAME", "uwsgi")
    assert cli.main(["--check-config", "--http", ":0", "--module", "x"]) == 0
    err = capsys.readouterr().err
    assert "UWSGI_PROCESES" in err
    assert "UWSGI_PROCESSES" in err
    assert "ORIGINAL" not in err


@pytest.mark.parametrize("name", ["bridge", "engine"])
def test_a_package_that_hides_ours_ends_the_start(name, capsys, tmp_path):
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    assert cli.main(["--http", ":0", "--module", "x"]) == 22
    assert str(tmp_path / name) in capsys.readouterr().err


def _python(code):
    return subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=True
    ).stdout


def test_nothing_that_early_patching_must_precede_is_imported():
    code = (
        "import sys; from engine import cli; "
        "cli.main(['--check-config', '--http', ':0', '--gevent=2', '--module=x']); print(*sys.modules)"
    )
    assert not FORBIDDEN & set(_python(code).rpartition("can be used")[2].split())


def test_help_as_a_program_ends_with_0():
    ended = subprocess.run(
        [sys.executable, "-m", "engine", "--help"], cwd=REPOSITORY, capture_output=True, text=True, timeout=30
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("usage: gevent-engine")
