"""``gevent.config.track_greenlet_tree`` is cheap to read and still what it was."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import bridge.loop
import gevent

config = gevent.config
assert "track_greenlet_tree" not in vars(config)
assert not isinstance(vars(type(config))["track_greenlet_tree"], property)
assert config.track_greenlet_tree is {first}

def traced():
    greenlet = gevent.Greenlet()
    return greenlet.spawning_greenlet is not None

assert traced() is {first}
for value in (not {first}, "yes", "no", {first}):
    config.track_greenlet_tree = value
    wanted = value if isinstance(value, bool) else value == "yes"
    assert config.track_greenlet_tree is wanted
    assert traced() is wanted
try:
    config.track_greenlet_tree = "perhaps"
except ValueError:
    pass
else:
    raise AssertionError("a wrong value was taken")
assert config.track_greenlet_tree is {first}
"""


def run(first: bool, setting: str) -> None:
    environment = {"GEVENT_TRACK_GREENLET_TREE": setting, "GEVENT_LOOP": "bridge.loop.loop"}
    subprocess.run(
        [sys.executable, "-c", PROGRAM.format(first=first)], check=True, timeout=30, env=environment
    )


def test_on() -> None:
    run(True, "1")


def test_off() -> None:
    run(False, "0")
