"""Rules between options: from entries to settings."""

from __future__ import annotations

import dataclasses
import ssl
import sys
import types

import pytest

from engine.address import TcpAddress, UnixAddress
from engine.config import OPTIONS, Settings, read, resolve
from engine.config.app_spec import AppSpec, Mount
from engine.config.settings import Pidfile
from engine.errors import ConfigError, UsageError
from engine.logs.settings import RequestLogSettings
from engine.protocols.limits import Limits

HTTP = ["--http-socket", ":0"]
APP = ["--module", "myapp"]


def settings_of(*argv: str, environ=None) -> Settings:
    return resolve(read(argv, environ or {}, OPTIONS))


def served(*argv: str) -> Settings:
    """Settings with the two things nobody can leave out."""
    return settings_of(*HTTP, *APP, *argv)


def refused(*argv: str) -> str:
    with pytest.raises(ConfigError) as error:
        settings_of(*argv)
    assert error.value.exit_code in {1, 2}
    return str(error.value)


def test_defaults():
    settings = served()
    assert (settings.gevent, settings.processes, settings.master) == (100, 1, False)
    assert (settings.listen, settings.chmod_socket) == (100, None)
    assert (settings.socket_timeout, settings.keepalive, settings.reload_mercy) == (30.0, 75.0, 60.0)
    assert settings.limits == Limits()
    assert (settings.monkey_patch, settings.wait_for_hub) == ("off", False)
    assert settings.request_log == RequestLogSettings()
    assert settings.app == AppSpec(module="myapp")
    assert settings.chdir is None
    assert (settings.mounts, settings.lifespan, settings.asgi_cores) == ((), "auto", 0)
    assert settings.notices == ("no --gevent given: each worker runs up to 100 requests at once",)


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        served().gevent = 3


@pytest.mark.parametrize(
    ("argv", "field", "value"),
    [
        (["--gevent", "7"], "gevent", 7),
        (["--gevent", "1"], "gevent", 1),
        (["--async", "5", "--loop", "gevent"], "gevent", 5),
        (["--gevent-monkey-patch"], "monkey_patch", "late"),
        (["--gevent-early-monkey-patch"], "monkey_patch", "early"),
        (["--gevent-early-monkey-patch", "--gevent-monkey-patch"], "monkey_patch", "early"),
        (["--gevent-wait-for-hub"], "wait_for_hub", True),
        (["-M"], "master", True),
        (["-M", "--master=off"], "master", False),
        (["-p", "2", "--workers", "3"], "processes", 3),
        (["--worker-reload-mercy", "2.5"], "reload_mercy", 2.5),
        (["--reload-mercy", "9"], "reload_mercy", 9.0),
        (["--worker-reload-mercy", "2", "--reload-mercy", "9"], "reload_mercy", 2.0),
        (["-l", "10"], "listen", 10),
        (["-C"], "chmod_socket", 0o666),
        (["-C1"], "chmod_socket", 0o666),
        (["--chmod-socket=660"], "chmod_socket", 0o660),
        (["--http-keepalive"], "keepalive", 75.0),
        (["--http-keepalive=1"], "keepalive", 75.0),
        (["--http-keepalive=true"], "keepalive", 75.0),
        (["--http-keepalive=0"], "keepalive", 0.0),
        (["--http-keepalive=false"], "keepalive", 0.0),
        (["--http-keepalive=2.5"], "keepalive", 2.5),
        (["--pp", "a", "--python-path", "b", "--pythonpath", "c*"], "pythonpath", ("a", "b", "c*")),
        (["--env", "A=1", "--env", "A=b=c"], "env", (("A", "1"), ("A", "b=c"))),
        (["--chdir", "/"], "chdir", "/"),
        (["--pidfile", "x.pid"], "pidfiles", (Pidfile("x.pid"),)),
        (
            ["--safe-pidfile", "b", "--pidfile2", "a"],
            "pidfiles",
            (Pidfile("a"), Pidfile("b", safe=True)),
        ),
        (["--harakiri", "2.5"], "harakiri", 2.5),
        (["-t", "30"], "harakiri", 30.0),
        (["-R", "1000", "--max-requests-delta", "7"], "max_requests", 1000),
        (["--reload-on-rss", "100"], "reload_on_rss", 100 << 20),
        (["--touch-reload", "/a", "--touch-reload", "/b"], "touch_reload", ("/a", "/b")),
        (["--touch-reload", "/a"], "master", True),
        (["--py-autoreload", "1"], "master", True),
        (["--master-fifo", "/f"], "master", True),
        (["--stats", ":1"], "master", True),
        (["-p", "4", "--cheaper", "2"], "cheaper_initial", 2),
        (["-d", "/x/log"], "daemonize", "/x/log"),
        (
            ["--exec-pre-app", "a", "--hook-asap", "print:b", "--exec-pre-app", "c"],
            "hooks",
            (("pre-app", "exec:a"), ("asap", "print:b"), ("pre-app", "exec:c")),
        ),
        ([], "die_on_term", True),
        (["--die-on-term"], "die_on_term", True),
        (["--die-on-term=false"], "die_on_term", False),
        (["--vacuum"], "vacuum", True),
        (["--need-app"], "need_app", True),
        (["--lazy-apps"], "lazy_apps", True),
        (["--catch-exceptions"], "catch_exceptions", True),
        (["--wsgi-strict"], "wsgi_strict", True),
    ],
)
def test_an_option_and_its_setting(argv, field, value):
    assert getattr(served(*argv), field) == value


def test_sizes():
    argv = ["-b1000", "--limit-post=5", "-v10", "--http-max-request-line=20", "--http-max-header-count=30"]
    assert served(*argv).limits == Limits(
        request_line=20, header_count=30, header_bytes=1000, body=5, variables=20
    )


def test_the_loop_backend_is_uvloop_if_it_is_there(monkeypatch):
    monkeypatch.setattr(sys.modules["engine.config.gevent_loop"], "find_spec", lambda name: None)
    assert served().loop_backend == "asyncio"
    assert "pip install uvloop" in refused(*HTTP, *APP, "--loop-backend", "uvloop")
    monkeypatch.setattr(
        sys.modules["engine.config.gevent_loop"], "find_spec", lambda name: types.SimpleNamespace()
    )
    assert served().loop_backend == "uvloop"


# -- order: uWSGI raises a low socket-timeout when it sees --gevent


@pytest.mark.parametrize(
    ("argv", "timeout"),
    [
        (["--http-timeout", "60"], 60.0),
        (["--http-timeout", "31", "--socket-timeout", "60"], 31.0),
        (["--http-timeout", "31", "--socket-timeout", "60", "--socket", ":3031"], 60.0),
        (["--http-timeout", "61", "--socket-timeout", "60", "--socket", ":3031"], 61.0),
        (["--http-timeout", "31", "--socket", ":3031", "--protocol", "http"], 31.0),
    ],
)
def test_http_has_a_timeout_of_its_own(argv, timeout):
    assert served("--gevent", "3", *argv).socket_timeout == timeout


@pytest.mark.parametrize("name", ["http-timeout", "socket-timeout"])
def test_no_time_at_all_is_refused(name):
    assert f"--{name} 0 would give up on every client" in refused(
        "--http-socket", ":0", "--module", "a", f"--{name}", "0"
    )


@pytest.mark.parametrize(
    ("argv", "options"),
    [
        ([], 0),
        (["--ssl-option", "16384"], ssl.OP_NO_TICKET),
        (["--ssl-option", "OP_NO_TICKET", "--ssl-option", "4"], ssl.OP_NO_TICKET | 4),
    ],
)
def test_options_of_openssl_add_up(argv, options):
    assert served("--gevent", "3", *argv).tls.options == options


@pytest.mark.parametrize("value", ["OP_NO_SUCH", "CERT_REQUIRED", "-1", "0x4000", str(1 << 63)])
def test_what_is_no_option_of_openssl_is_refused(value):
    said = refused(*HTTP, *APP, "--ssl-option", value)
    assert "OP_NO_TICKET" in said or "below 2**63" in said


@pytest.mark.parametrize(
    ("argv", "timeout", "warned"),
    [
        ([], 30.0, False),
        (["--gevent", "3"], 30.0, False),
        (["--socket-timeout", "5", "--gevent", "3"], 30.0, False),
        (["--socket-timeout", "45", "--gevent", "3"], 45.0, False),
        (["--gevent", "3", "--socket-timeout", "5"], 5.0, True),
        (["--gevent", "3", "-z", "0.5"], 0.5, True),
        (["--async", "3", "--loop", "gevent"], 4.0, True),
        (["--async", "3", "--loop", "gevent", "-z", "60"], 60.0, False),
    ],
)
def test_the_socket_timeout_depends_on_order(argv, timeout, warned):
    settings = served(*argv)
    assert settings.socket_timeout == timeout
    assert (
        any("!!! Running gevent with a socket-timeout lower" in line for line in settings.notices) is warned
    )


# -- application and addresses


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["-w", "a"], AppSpec("a")),
        (["-w", "a.b:c"], AppSpec("a.b", None, "c")),
        (["-w", "a:"], AppSpec("a")),
        (["-w", "a:c()"], AppSpec("a", None, "c()")),
        (["--wsgi", "a", "--callable", "c"], AppSpec("a", None, "c")),
        (["-w", "a:c", "--callable", "c"], AppSpec("a", None, "c")),
        (["--file", "x.py"], AppSpec(None, "x.py")),
        (["x.wsgi"], AppSpec(None, "x.wsgi")),
        (["a:c"], AppSpec("a", None, "c")),
        (["-w", "a.py:c"], AppSpec("a.py", None, "c")),
        (["-w", "wsgi:app"], AppSpec("wsgi", None, "app")),
        (["-w", "asgi:a:c"], AppSpec("a", None, "c", "asgi")),
        (["--asgi", "a:c"], AppSpec("a", None, "c", "asgi")),
        (["--asgi", "asgi:app"], AppSpec("asgi", None, "app", "asgi")),
        (["--asgi", "asgi+green:a:c"], AppSpec("a", None, "c", "asgi+green")),
    ],
)
def test_spellings_of_an_application(argv, expected):
    assert settings_of(*HTTP, *argv).app == expected


def test_mounts_keep_their_order():
    settings = settings_of(*HTTP, "--mount", "/a/=m:app", "--mount=/b=asgi:x.py", "--mount", "/=wsgi:l:app")
    assert settings.app is None
    assert settings.mounts == (
        Mount("/a", AppSpec("m", None, "app")),
        Mount("/b", AppSpec(None, "x.py", None, "asgi")),
        Mount("", AppSpec("l", None, "app", "wsgi")),
    )


def test_listeners_keep_their_order_and_protocol():
    settings = settings_of(
        "-s", ":1", "--http", "a.sock", "--uwsgi-socket", "[::1]:0", "--http11-socket", ":2", *APP
    )
    assert [(each.protocol, each.address, each.text) for each in settings.listeners] == [
        ("uwsgi", TcpAddress("", 1), ":1"),
        ("http", UnixAddress("a.sock"), "a.sock"),
        ("uwsgi", TcpAddress("::1", 0), "[::1]:0"),
        ("http", TcpAddress("", 2), ":2"),
    ]


def test_socket_lines_may_speak_http():
    settings = settings_of("-s", ":1", "--protocol", "http", *APP)
    assert [each.protocol for each in settings.listeners] == ["http"]


# -- refusals


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([*APP], ["--http-socket", "--socket"]),
        ([*HTTP], ["--module", "--wsgi-file"]),
        ([*HTTP, *APP, "--wsgi-file", "x.py"], ["myapp", "x.py"]),
        ([*HTTP, "-w", "a:b", "--callable", "c"], ["a:b", "--callable c"]),
        ([*HTTP, *APP, "--asgi", "b"], ["myapp", "--asgi b", "--mount"]),
        ([*HTTP, *APP, "--mount", "/=b"], ["/ has an application", "--module"]),
        ([*HTTP, "--mount", "/a=b", "--mount", "/a/=c"], ["/a has an application", "remove one"]),
        ([*HTTP, "--mount", "a=b"], ["write /a"]),
        ([*HTTP, "--mount", "/a"], ["--mount /PATH=APP"]),
        ([*HTTP, "--mount", "/a=:b"], ["names no application"]),
        ([*HTTP, *APP, "--lifespan", "maybe"], ["auto, on, off"]),
        ([*APP, "-s", ":1", "--http", ":1"], [":1", "twice"]),
        ([*APP, "-s", "9116"], ["--socket 9116", ":9116"]),
        ([*APP, "--http", "nonsense:port"], ["--http nonsense:port", "the command line"]),
        (
            [*HTTP, *APP, "--gevent", "0"],
            ["the gevent loop engine requires async mode (--async <n>)", "--gevent"],
        ),
        ([*HTTP, *APP, "--loop", "gevent"], ["the gevent loop engine requires async mode (--async <n>)"]),
        ([*HTTP, *APP, "--loop", "asyncio", "--async", "3"], ["--loop asyncio", "--loop gevent"]),
        ([*HTTP, *APP, "--gevent", "many"], ["--gevent many", "whole number"]),
        ([*HTTP, *APP, "--gevent", "-1"], ["--gevent -1"]),
        ([*HTTP, *APP, "--gevent="], ["--gevent needs a value", "N"]),
        ([*HTTP, *APP, "--gevent", "9", "--threads", "4"], ["--threads", "gevent mode", "--processes"]),
        ([*HTTP, *APP, "-p", "2", "--cheaper", "2"], ["--cheaper 2", "--processes 2"]),
        ([*HTTP, *APP, "--hook-asap", "boom:x"], ["--hook-asap", "boom", "exec"]),
        ([*HTTP, *APP, "--stats", "nonsense:port"], ["--stats nonsense:port"]),
        ([*HTTP, *APP, "--eval", "x"], ["--eval", "--wsgi-file"]),
        ([*HTTP, *APP, "-p", "0"], ["--processes 0", "1 or more"]),
        ([*HTTP, *APP, "-z", "0"], ["--socket-timeout"]),
        ([*HTTP, *APP, "-z", "soon"], ["--socket-timeout soon", "seconds"]),
        ([*HTTP, *APP, "-C999"], ["--chmod-socket 999", "octal"]),
        ([*HTTP, *APP, "--env", "A"], ["--env A", "NAME=VALUE"]),
        ([*HTTP, *APP, "--chdir", "/no/such"], ["--chdir /no/such", "directory"]),
        ([*HTTP, *APP, "--home", "/no/such"], ["--home /no/such", "directory"]),
        ([*HTTP, *APP, "--protocol", "fastcgi"], ["--protocol fastcgi", "uwsgi, http"]),
    ],
)
def test_what_cannot_work_is_named_with_a_way_out(argv, words):
    message = refused(*argv)
    for word in words:
        assert word in message


@pytest.mark.skipif(sys.platform != "linux", reason="net.core.somaxconn is Linux's")
def test_a_backlog_above_the_systems_is_refused():
    message = refused(*HTTP, *APP, "--listen", "99999999")
    assert "Listen queue size is greater than the system max net.core.somaxconn (" in message
    assert "sysctl" in message


def test_a_value_from_the_environment_is_named_so():
    with pytest.raises(ConfigError, match=r"the environment: UWSGI_GEVENT many"):
        settings_of(*HTTP, *APP, environ={"UWSGI_GEVENT": "many"})


def test_a_value_from_a_file_is_named_with_its_line(tmp_path):
    (tmp_path / "a.ini").write_text("[uwsgi]\n\ngevent = many\n")
    with pytest.raises(ConfigError, match=r"a\.ini, line 3: gevent many"):
        settings_of(str(tmp_path / "a.ini"))


def test_a_key_without_its_value_is_a_usage_error(tmp_path):
    (tmp_path / "a.ini").write_text("[uwsgi]\ngevent =\n")
    with pytest.raises(UsageError, match="needs a value"):
        settings_of(str(tmp_path / "a.ini"))


# -- without effect, inherit, opt


def test_options_without_effect_are_said_once():
    line = served("--gevent", "2", "-T", "--plugins", "python,gevent", "--plugin", "http").notices[-1]
    assert line.startswith("accepted without effect: ")
    assert line.count("plugins") == 1
    assert "enable-threads (threads always work)" in line


def test_an_option_that_does_nothing_may_be_switched_off():
    assert len(served("--gevent", "2", "--thunder-lock=false").notices) == 0


def test_a_refused_flag_may_be_switched_off(tmp_path):
    (tmp_path / "a.ini").write_text("[uwsgi]\nvhost = false\n")
    assert served(str(tmp_path / "a.ini")).app == AppSpec("myapp")


@pytest.mark.parametrize("argv", [["{}/a.ini", "-p", "3"], ["-p", "3", "{}/a.ini"]])
def test_what_is_inherited_never_wins(tmp_path, argv):
    (tmp_path / "a.ini").write_text(f"[uwsgi]\ninherit = {tmp_path}/b.ini\n")
    (tmp_path / "b.ini").write_text("[uwsgi]\nprocesses = 7\nlisten = 8\n")
    settings = served(*(word.format(tmp_path) for word in argv))
    assert (settings.processes, settings.listen) == (3, 8)


def test_the_last_value_wins_wherever_it_stands(tmp_path):
    (tmp_path / "a.ini").write_text("[uwsgi]\nprocesses = 7\n")
    assert served(str(tmp_path / "a.ini"), "-p", "3").processes == 3
    assert served("-p", "3", str(tmp_path / "a.ini")).processes == 7


def test_opt_has_the_shape_of_uwsgi(tmp_path):
    (tmp_path / "a.ini").write_text(
        "[uwsgi]\nname = myapp\nwsgi = %(name)\nmaster = true\nenv = A=1\nenv = B=2\nhttp = :0\n"
    )
    settings = settings_of("--ini", str(tmp_path / "a.ini"), "-L", "-p", "2", "-p", "3", "--gevent=5")
    assert settings.opt == {
        "ini": str(tmp_path / "a.ini").encode(),
        "name": b"myapp",
        "wsgi": b"myapp",
        "master": b"true",
        "env": [b"A=1", b"B=2"],
        "http": b":0",
        "disable-logging": True,
        "processes": b"3",
        "gevent": b"5",
    }


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--cheaper-rss-limit-soft=1"], "is about --cheaper"),
        (["--cheaper=1", "--processes=2", "--cheaper-rss-limit-hard=5"], "needs --cheaper-rss-limit-soft"),
        (
            ["--cheaper=1", "--processes=2", "--cheaper-rss-limit-hard=5", "--cheaper-rss-limit-soft=6"],
            "must be higher",
        ),
    ],
)
def test_limits_of_memory_that_make_no_sense(arguments, problem):
    assert problem in refused(*HTTP, *APP, *arguments)
