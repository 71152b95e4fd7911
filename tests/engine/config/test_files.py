"""Config files: syntax, magic variables, placeholders, logic, files in files."""

from __future__ import annotations

import grp
import os
import pwd

import pytest

from engine.config.options import OPTIONS
from engine.config.reader import read
from engine.errors import ConfigError, UsageError


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Write files, read them with a command line; (key, value) pairs without those that name files."""
    monkeypatch.chdir(tmp_path)

    def read_config(text, *argv, environ=None, **files):
        (tmp_path / "app.ini").write_text(text)
        for name, content in files.items():
            (tmp_path / f"{name}.ini").write_text(content)
        entries = read(argv or ["app.ini"], environ or {}, OPTIONS)
        return [
            (entry.key, entry.value) for entry in entries if entry.key not in {"ini", "include", "inherit"}
        ]

    return read_config


def section(*lines):
    return "\n".join(["[uwsgi]", *lines, ""])


def value(pairs, key):
    return [found for name, found in pairs if name == key]


# -- syntax


def test_keys_repeat_and_comments_are_skipped(config):
    text = "; x = 1\n# y\n\n[other]\nlisten = 1\n[uwsgi]\n  env = A=1 \nenv=B=2;3\nmaster\nvacuum =\n"
    assert config(text) == [("env", "A=1"), ("env", "B=2;3"), ("master", ""), ("vacuum", "")]


def test_a_section_may_be_named_after_a_colon(config):
    text = "[uwsgi]\nlisten = 1\n[prod]\nlisten = 2\n"
    assert config(text, "app.ini:prod") == [("listen", "2")]
    assert config(text, "--ini", "app.ini") == [("listen", "1")]


def test_another_section_of_the_same_file(config):
    assert config("[uwsgi]\nini = :more\nlisten = 1\n[more]\nmaster = 1\n") == [
        ("master", "1"),
        ("listen", "1"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("listen = 1\n", ["app.ini, line 1", "[uwsgi]"]),
        ("[other]\n", ["app.ini", "[uwsgi]", "[other]"]),
        ("", ["app.ini", "[uwsgi]"]),
        ("[uwsgi\n", ["line 1", "[name]"]),
        ("[uwsgi]\n\ngevnt = 3\n", ["app.ini, line 3", "'gevnt'", "--gevent", "%(gevnt)"]),
        ("[uwsgi]\nlog-formatt = %(gevnt)\n", ["line 2", "log-formatt"]),
        ("[uwsgi]\nif-env = A\nlisten = 1\n", ["line 2", "if-env", "endif"]),
        ("[uwsgi]\nfor = A\nlisten = 1\n", ["line 2", "for", "endfor"]),
        ("[uwsgi]\nendif =\n", ["line 2", "endif"]),
        ("[uwsgi]\nendfor =\n", ["line 2", "endfor"]),
        ("[uwsgi]\nif-moon = full\nendif =\n", ["line 2", "if-moon", "if-env"]),
        ("[uwsgi]\nfor-moon = full\nendfor =\n", ["line 2", "for-moon", "for-glob"]),
    ],
)  # fmt: skip
def test_errors_name_the_file_and_the_line(config, text, words):
    with pytest.raises(UsageError) as error:
        config(text)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[uwsgi]\ninclude = none.ini\n", ["app.ini, line 2", "none.ini", "No such file", "%d"]),
        ("[uwsgi]\ninclude = app.ini\n", ["line 2", "app.ini", "itself"]),
        ("[uwsgi]\nmodule = @(none)\n", ["line 2", "none"]),
        ("[uwsgi]\nmodule = @(http://x/y)\n", ["line 2", "http://x/y"]),
        ("[uwsgi]\nset = a=%(b)\nset = b=%(a)\nmodule = %(a)\n", ["each other"]),
        ("[uwsgi]\nset = a=%(a + 1)\nmodule = %(a)\n", ["each other"]),
        ("[uwsgi]\nmodule = x%(b / 0)\nset = b=1\n", ["line 2", "calculate"]),
        ("[uwsgi]\nfor-times = x\nendfor =\n", ["line 2", "number"]),
        ("[uwsgi]\nfor-readline = none\nendfor =\n", ["line 2", "none"]),
    ],
)
def test_what_cannot_be_used_is_named(config, text, words):
    with pytest.raises(ConfigError) as error:
        config(text)
    for word in words:
        assert word in str(error.value)


def test_a_missing_file_on_the_command_line_is_named(config):
    with pytest.raises(ConfigError, match=r"missing\.ini"):
        config("[uwsgi]\n", "--ini", "missing.ini")


# -- order


def test_lines_and_arguments_come_in_the_order_written(config):
    text = section("processes = 2")
    assert config(text, "-p", "1", "app.ini", "-p", "3") == [
        ("processes", "1"), ("processes", "2"), ("processes", "3")
    ]  # fmt: skip


def test_the_environment_comes_first_and_other_names_are_left_alone(config):
    environ = {"UWSGI_PROCESSES": "7", "UWSGI_WSGI_FILE": "x.py", "UWSGI_RELOADS": "0", "HOME": "/"}
    assert config("[uwsgi]\n", "-M", environ=environ) == [
        ("processes", "7"), ("wsgi-file", "x.py"), ("master", None)
    ]  # fmt: skip


def test_the_environment_may_name_a_file(config):
    assert config(section("listen = 5"), "-M", environ={"UWSGI_INI": "app.ini"}) == [
        ("listen", "5"), ("master", None)
    ]  # fmt: skip


# -- magic variables


def test_magic_variables_of_the_file(config, tmp_path):
    text = section("env = %d|%p|%n|%s|%e|%c|%o|%x|%k|%%|%q|")
    pairs = config(text)
    expected = (
        f"{tmp_path}/|{tmp_path}/app.ini|app|app.ini|ini|{tmp_path.name}|app.ini|uwsgi|{os.cpu_count()}|%||"
    )
    assert value(pairs, "env") == [expected]


def test_magic_variables_of_the_machine(config, tmp_path):
    (found,) = value(config(section("env = %v|%u|%U|%g|%G|%h|%i|%[|%j|%t|%T|%b|%V")), "env")
    here, uid, user, gid, group, host, inode, escape, digest, seconds, micros, program, version = found.split(
        "|"
    )
    assert (here, uid, gid, host) == (str(tmp_path), str(os.getuid()), str(os.getgid()), os.uname().nodename)
    assert (user, group) == (pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name)
    assert inode == str((tmp_path / "app.ini").stat().st_ino)
    assert (escape, len(digest), micros[: len(seconds)]) == ("\033", 8, seconds)
    assert os.path.isabs(program)
    assert version[0].isdecimal()


def test_components_of_the_path(config, tmp_path):
    parts = str(tmp_path).strip("/").split("/")
    assert value(config(section("env = A=%0/%1")), "env") == [f"A={parts[0]}/{parts[1]}"]


def test_upper_case_speaks_of_the_first_file(config):
    assert value(config(section("include = b.ini"), b=section("env = A=%n%N")), "env") == ["A=bapp"]


def test_arguments_have_no_magic(config):
    assert config("[uwsgi]\n", "--env", "A=%d") == [("env", "A=%d")]


def test_a_format_string_keeps_its_percent_signs(config):
    assert config(section("env = A=%%Y-%%m %(status)")) == [("env", "A=%Y-%m %(status)")]


# -- placeholders


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["base = /srv", "chdir = %(base)/app"], "/srv/app"),
        (["chdir = %(base)/app", "base = /srv"], "/srv/app"),
        (["set = base=/srv", "chdir = %(base)"], "/srv"),
        (["set-ph = base=/srv", "chdir = %(base)"], "/srv"),
        (["set-placeholder = base=/srv", "chdir = %(base)"], "/srv"),
        (["a = x", "b = %(a)y", "chdir = %(b)z"], "xyz"),
        (["processes = 4", "chdir = %(processes + 1)"], "5"),
        (["a = 4", "chdir = %(a - 1)%(a * 2)%(a / 3)%(a++)%(a--)"], "38153"),
        (["a = 4", "b = %(a + 1)", "chdir = %(b * 2)"], "10"),
        (["chdir = $(HOME)/x"], "/usr/x"),
        (["chdir = $(NONE)/%(none)"], "$(NONE)/%(none)"),
        (["env = PLACE=here", "chdir = $(PLACE)"], "here"),
        (["chdir = @(name.ini)/x"], "content/x"),
        (["v = HOME", "h = $(HOME)", "chdir = %(h)-%(v)"], "/usr-HOME"),
    ],
)
def test_placeholders(config, lines, expected):
    pairs = config(section(*lines), environ={"HOME": "/usr"}, name="content\n")
    assert value(pairs, "chdir") == [expected]


def test_the_first_definition_stands_so_arguments_override_files(config):
    text = section("port = 3031", "socket = :%(port)")
    assert value(config(text, "--set", "port=1", "app.ini"), "socket") == [":1"]
    assert value(config(text, "app.ini", "--set", "port=1"), "socket") == [":3031"]


def test_an_argument_may_use_a_name_of_a_file(config):
    assert value(config(section("name = x"), "app.ini", "--chdir", "%(name)"), "chdir") == ["x"]


# -- conditions and loops


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ("if-env = HOME", True),
        ("if-env = HOME=/usr", True),
        ("if-env = HOME=/", False),
        ("ifenv = NONE", False),
        ("if-not-env = NONE", True),
        ("if-opt = master", True),
        ("if-opt = processes=2", True),
        ("if-opt = workers=2", True),
        ("if-opt = processes=3", False),
        ("if-not-opt = listen", True),
        ("if-exists = %(file)", True),
        ("if-exists = none", False),
        ("if-not-exists = none", True),
        ("if-file = app.ini", True),
        ("if-file = .", False),
        ("if-dir = .", True),
        ("if-directory = $(HOME)", True),
        ("if-dir = app.ini", False),
        ("if-reload =", False),
        ("if-not-reload =", True),
        ("if-hostname = no.such.host", False),
        ("if-not-hostname = no.such.host", True),
        ("if-plugin = gevent", True),
        ("if-plugin = php", False),
    ],
)
@pytest.mark.parametrize("end", ["endif =", "end-if", "end ="])
def test_conditions(config, condition, met, end):
    lines = ["master = 1", "processes = 2", "file = app.ini", condition, "vacuum = 1", end, "listen = 9"]
    pairs = config(section(*lines), environ={"HOME": "/usr"})
    assert value(pairs, "vacuum") == (["1"] if met else [])
    assert value(pairs, "listen") == ["9"]


def test_conditions_nest(config):
    lines = ["if-env = NONE", "if-not-env = NONE", "listen = 1", "endif", "listen = 2", "endif", "listen = 3"]
    assert config(section(*lines)) == [("listen", "3")]


def test_a_condition_that_is_not_met_reads_no_file(config):
    assert config(section("if-env = NONE", "include = none.ini", "endif", "listen = 1")) == [("listen", "1")]


@pytest.mark.parametrize(
    ("loop", "items"),
    [
        ("for = a b", ["a", "b"]),
        ("for =", []),
        ("for-times = 3", ["1", "2", "3"]),
        ("for-glob = *.part.ini", ["a.part.ini", "b.part.ini"]),
        ("for-readline = lines.ini", ["one", "two"]),
    ],
)
@pytest.mark.parametrize("end", ["endfor =", "end-for"])
def test_loops(config, loop, items, end):
    files = {"a.part": "", "b.part": "", "lines": "one\ntwo\n"}
    pairs = config(section(loop, "env = X%(_)=1", end, "listen = 1"), **files)
    assert pairs == [*(("env", f"X{item}=1") for item in items), ("listen", "1")]


def test_loops_and_conditions_nest(config):
    lines = [
        "for = a b",
        "for = 1 2",
        "env = %(_)=1",
        "endfor",
        "if-file = %(_)",
        "listen = 1",
        "endif",
        "endfor",
    ]
    # the inner loop's %(_) is replaced by the outer one first, as there is only one name for both
    assert value(config(section(*lines)), "env") == ["a=1", "a=1", "b=1", "b=1"]


# -- files in files


def test_include_is_read_in_place_and_inherit_only_fills_gaps(config):
    pairs = config(section("listen = 1", "include = b.ini", "listen = 3"), b=section("listen = 2"))
    assert pairs == [("listen", "1"), ("listen", "2"), ("listen", "3")]


def test_a_template_uses_names_of_the_file_that_inherits_it(config):
    pairs = config(section("name = x", "inherit = b.ini"), b=section("module = %(name).wsgi"))
    assert value(pairs, "module") == ["x.wsgi"]


XML = """<?xml version="1.0"?>
<config>
  <uwsgi>
    <gevent>100</gevent>
    <master/>
    <!-- a comment -->
    <env>A=1</env><env>B=%n &amp; 2</env>
  </uwsgi>
  <uwsgi id="other"><gevent>7</gevent></uwsgi>
</config>
"""


def test_xml(config, tmp_path):
    (tmp_path / "app.xml").write_text(XML)
    found = config("[uwsgi]\n", "--xml", "app.xml")
    assert found == [
        ("xml", "app.xml"), ("gevent", "100"), ("master", ""), ("env", "A=1"), ("env", "B=app & 2"),
    ]  # fmt: skip
    assert config("[uwsgi]\n", "--ini", "app.xml:other") == [("gevent", "7")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<uwsgi>", "no element found: line 1"),
        ("<other/>", "no element <uwsgi> for 'uwsgi'; ids are none"),
        ("<uwsgi><env><a/></env></uwsgi>", "line 1: <a> inside of an option"),
    ],
)
def test_xml_that_cannot_be_read(config, tmp_path, text, said):
    (tmp_path / "app.xml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        config("[uwsgi]\n", "--xml", "app.xml")
