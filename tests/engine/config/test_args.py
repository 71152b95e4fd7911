"""The command line, as getopt_long(3) reads it."""

from __future__ import annotations

import pytest

from engine.config.args import read_args
from engine.config.options import OPTIONS
from engine.errors import UsageError


def pairs(*argv):
    return [(entry.key, entry.value) for entry in read_args(argv, OPTIONS)]


@pytest.mark.parametrize(
    ("argv", "entries"),
    [
        (["--gevent", "4"], [("gevent", "4")]),
        (["--gevent=4"], [("gevent", "4")]),
        (["--env=A=b=c"], [("env", "A=b=c")]),
        (["-p4"], [("processes", "4")]),
        (["-p", "4"], [("processes", "4")]),
        (["-p=4"], [("processes", "4")]),
        (["-ML"], [("master", None), ("disable-logging", None)]),
        (["-Mp4"], [("master", None), ("processes", "4")]),
        (["-Mp", "4", "-L"], [("master", None), ("processes", "4"), ("disable-logging", None)]),
        (["--master", "--workers", "2"], [("master", None), ("workers", "2")]),
        (["--master=false"], [("master", "false")]),
        (["--chmod-socket", "-M"], [("chmod-socket", None), ("master", None)]),
        (["--chmod-socket=660"], [("chmod-socket", "660")]),
        (["-C660"], [("chmod-socket", "660")]),
        (["--http-keepalive"], [("http-keepalive", None)]),
        (["--pp", "--odd"], [("pp", "--odd")]),
        (["app.ini"], [("ini", "app.ini")]),
        (["app.ini:prod"], [("ini", "app.ini:prod")]),
        (["/etc/x.d/app.INI"], [("ini", "/etc/x.d/app.INI")]),
        (["app.yml"], [("yaml", "app.yml")]),
        (["app.py"], [("wsgi-file", "app.py")]),
        (["site/app.wsgi"], [("wsgi-file", "site/app.wsgi")]),
        (["myapp"], [("module", "myapp")]),
        (["my.app:build()"], [("module", "my.app:build()")]),
        (["--", "--", "myapp"], None),
        (["-M", "--", "myapp"], [("master", None), ("module", "myapp")]),
        ([], []),
    ],
)  # fmt: skip
def test_spellings(argv, entries):
    if entries is None:
        with pytest.raises(UsageError):
            pairs(*argv)
    else:
        assert pairs(*argv) == entries


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--gevnt", "2"], ["--gevnt", "--gevent"]),
        (["--geven", "2"], ["--geven", "--gevent"]),
        (["--gevent"], ["--gevent", "needs a value", "N"]),
        (["-p"], ["-p", "needs a value"]),
        (["-M%"], ["-%"]),
        (["localhost:80"], ["--http-socket localhost:80"]),
        (["9000"], ["9000", "app.ini"]),
        (["-"], ["'-'"]),
        (["--http-keepalive", "30"], ["--http-keepalive=SECONDS"]),
        (["--chmod-socket", "660"], ["--chmod-socket=MODE"]),
    ],
)
def test_what_cannot_be_read_is_named(argv, words):
    with pytest.raises(UsageError) as error:
        pairs(*argv)
    assert error.value.exit_code == 2
    for word in words:
        assert word in str(error.value)
