"""YAML, JSON and TOML give the same entries as ini, with file and line in every error."""

from __future__ import annotations

import json
import subprocess

import pytest

from engine.config import OPTIONS, read, resolve
from engine.config.completion import completion
from engine.errors import ConfigError, UsageError

pytest.importorskip("yaml")

FILES = {
    "app.ini": """\
[uwsgi]
http-socket = :8000
module = myapp
master = true
lazy-apps = false
gevent = 50
chmod-socket = 660
env = A=1
env = B=2
pidfile = %d%n.pid
base = x
procname = %(base)-y
vacuum =
""",
    "app.yaml": """\
uwsgi:
  http-socket: :8000   # a comment
  module: "myapp"
  master: true
  lazy-apps: false
  gevent: 50
  chmod-socket: 660
  env: [A=1, "B=2"]
  pidfile: "%d%n.pid"
  base: x
  procname: "%(base)-y"
  vacuum:
""",
    "app.json": json.dumps(
        {
            "uwsgi": {
                "http-socket": ":8000",
                "module": "myapp",
                "master": True,
                "lazy-apps": False,
                "gevent": 50,
                "chmod-socket": "660",
                "env": ["A=1", "B=2"],
                "pidfile": "%d%n.pid",
                "base": "x",
                "procname": "%(base)-y",
                "vacuum": None,
            }
        },
        indent=1,
    ),
    "app.toml": """\
[uwsgi]
http-socket = ":8000"
module = "myapp"
master = true
lazy-apps = false
gevent = 50
chmod-socket = "660"
env = [
  "A=1",
  "B=2",
]
pidfile = "%d%n.pid"
base = "x"
procname = "%(base)-y"
vacuum = ""
""",
}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(**texts):
        for name, text in texts.items():
            (tmp_path / name.replace("_", ".")).write_text(text)

    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return write


def entries(*argv):
    found = read(argv, {}, OPTIONS)
    return [(each.key, each.value) for each in found if not each.origin.text.startswith("the command line")]


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_format_means_the_same(files, name):
    assert entries(name) == entries("app.ini")
    settings = resolve(read([name], {}, OPTIONS))
    assert (settings.gevent, settings.master, settings.lazy_apps, settings.vacuum) == (50, True, False, True)
    assert settings.env == (("A", "1"), ("B", "2"))
    assert settings.procname == "x-y"
    assert settings.chmod_socket == 0o660


@pytest.mark.parametrize(
    "argv",
    [
        ["--yaml", "app.yaml"], ["-y", "app.yaml"], ["--yml", "app.yaml"], ["--json", "app.json"],
        ["--js", "app.json"], ["--toml", "app.toml"], ["--ini", "app.yaml"], ["--config", "app.toml"],
    ],
)  # fmt: skip
def test_files_are_named_by_option_and_the_ending_counts(files, argv):
    assert entries(*argv) == entries("app.ini")


def test_files_include_files_of_other_formats(files):
    files(top_toml='[uwsgi]\ninclude = "part.yaml"\n', part_yaml="uwsgi:\n  processes: 3\n")
    assert ("processes", "3") in entries("top.toml")


def test_another_section(files):
    files(two_yaml="uwsgi:\n  processes: 1\nprod:\n  processes: 9\n")
    assert entries("two.yaml:prod") == [("processes", "9")]


def test_conditions_work_in_every_format(files):
    files(if_toml='[uwsgi]\nif-exists = "app.ini"\nprocesses = 2\nendif = ""\n')
    assert entries("if.toml") == [("processes", "2")]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x_yaml", "uwsgi:\n  master: true\n  gevnt: 5\n", ["x.yaml, line 3", "gevnt", "--gevent"]),
        ("x_json", '{"uwsgi": {\n"master": true,\n"gevnt": 5}}', ["x.json, line 3", "--gevent"]),
        ("x_toml", "[uwsgi]\nmaster = true\ngevnt = 5\n", ["x.toml, line 3", "--gevent"]),
        ("x_yaml", "uwsgi:\n  env:\n    A: {b: c}\n", ["x.yaml, line 2", "env"]),
        ("x_json", '{"uwsgi": {"env": {"A": "b"}}}', ["x.json, line 1", "env"]),
        ("x_toml", "[uwsgi]\n[uwsgi.env]\nA = 1\n", ["x.toml", "env"]),
        ("x_yaml", "other:\n  a: b\n", ["x.yaml has no section 'uwsgi'", "'other'"]),
        ("x_json", "{}", ["has no section"]),
        ("x_yaml", "- a\n", ["has no section"]),
        ("x_yaml", "uwsgi: [a\n", ["x.yaml", "line"]),
        ("x_json", '{"uwsgi": ', ["x.json", "line 1"]),
        ("x_toml", "[uwsgi]\nx", ["x.toml"]),
    ],
)
def test_errors_name_file_and_line(files, name, text, words):
    files(**{name: text})
    with pytest.raises(ConfigError) as error:
        read([name.replace("_", ".")], {}, OPTIONS)
    for word in words:
        assert word in str(error.value)


def test_without_pyyaml_the_message_says_what_to_install(files, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ConfigError, match=r"gevent-bridge\[yaml\]"):
        read(["app.yaml"], {}, OPTIONS)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_supported_option(shell):
    script = completion(shell, OPTIONS)
    for name in ("http-socket", "harakiri", "loop-backend"):
        assert name in script
    assert "fastrouter" not in script
    try:
        parsed = subprocess.run(
            [shell, "-n"], input=script, text=True, capture_output=True, timeout=20, check=False
        )
    except FileNotFoundError:
        pytest.skip(f"no {shell} here")
    assert parsed.returncode == 0, parsed.stderr


def test_bash_completes_names_values_and_files(tmp_path):
    script = completion("bash", OPTIONS)
    ask = (
        "COMP_WORDS=(gevent-engine {words}); COMP_CWORD={at}; _gevent_engine; "
        'printf "%s\\n" "${{COMPREPLY[@]}}"'
    )

    def complete(words, at):
        text = script + ask.format(words=words, at=at)
        done = subprocess.run(
            ["bash"], input=text, text=True, capture_output=True, timeout=20, cwd=tmp_path, check=True
        )
        return done.stdout.split()

    (tmp_path / "app.ini").touch()
    assert "--harakiri" in complete("--hara", 1)
    assert complete("--loop-backend uv", 2) == ["uvloop"]
    assert complete("--ini ap", 2) == ["app.ini"]


def test_completion_for_an_unknown_shell():
    with pytest.raises(UsageError, match="bash, zsh, fish"):
        completion("tcsh", OPTIONS)
