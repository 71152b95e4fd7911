"""How programs beside the server are written in options."""

from __future__ import annotations

import pytest

from engine.config import OPTIONS, read, resolve
from engine.config.daemons import Daemon
from engine.errors import ConfigError


def settings_of(*args: str):
    return resolve(read([*args, "--module", "x", "--http-socket", ":0"], {}, OPTIONS))


@pytest.mark.parametrize(
    ("args", "daemon"),
    [
        (["--attach-daemon", "redis-server -p 1"], Daemon("redis-server -p 1")),
        (["--attach-control-daemon", "x"], Daemon("x", control=True)),
        (["--smart-attach-daemon", "/run/x.pid x -d"], Daemon("x -d", "/run/x.pid")),
        (["--smart-attach-daemon2", "x.pid x"], Daemon("x", "x.pid")),
        (
            ["--attach-daemon2", "cmd=a b,c,freq=3,pidfile=x.pid,control=1,stopsignal=2"],
            Daemon("a b,c", "x.pid", 3.0, True, 2),
        ),
    ],
)
def test_daemons(args, daemon) -> None:
    settings = settings_of(*args)
    assert settings.daemons == (daemon,)
    assert settings.master


@pytest.mark.parametrize(
    "args",
    [
        ["--smart-attach-daemon", "/run/x.pid"],
        ["--attach-daemon2", "freq=3"],
        ["--attach-daemon2", "cmd=x,nosuch=1"],
        ["--attach-daemon2", "cmd=x,freq=often"],
        ["--die-on-idle"],
    ],
)
def test_what_cannot_be_meant_is_refused(args) -> None:
    with pytest.raises(ConfigError, match=args[0]):
        settings_of(*args)
