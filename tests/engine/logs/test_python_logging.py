"""Files of --log-config: reading, setting up, and lines that become records."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.logs.logger_stream import LoggerStream
from engine.logs.python_logging import read_logging
from engine.logs.selection import Selection

INI = """
[loggers]
keys=root,access
[handlers]
keys=
[formatters]
keys=
[logger_root]
handlers=
[logger_access]
qualname=gevent_engine.access
handlers=
"""


@pytest.mark.parametrize(
    ("name", "text", "server", "requests"),
    [
        ("a.json", '{"loggers": {"gevent_engine": {}}}', True, True),
        ("a.json", '{"loggers": {"gevent_engine.server": {}, "shop": {}}}', True, False),
        ("a.json", '{"root": {}}', False, False),
        ("a.yaml", "loggers:\n  gevent_engine.access: {}\n", False, True),
        ("a.toml", '[loggers."gevent_engine.access"]\n', False, True),
        ("a.ini", INI, False, True),
        ("logging.conf", INI, False, True),
    ],
)
def test_which_loggers_a_file_names(
    tmp_path: Path, name: str, text: str, server: bool, requests: bool
) -> None:
    file = tmp_path / name
    file.write_text(text)
    found = read_logging(str(file))
    assert (found.server, found.requests) == (server, requests)
    assert found.takes_lines() == (server or requests)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.json", "{", "Expecting property name"),
        ("a.json", "[]", "a mapping of handlers"),
        ("a.yaml", "a: [", "expected the node content"),
        ("a.toml", "a", "Expected '='"),
        ("a.ini", "[loggers]\nkeys=root\n", r"there is no section \[handlers\]"),
        ("a.ini", "what", "no section headers"),
    ],
)
def test_a_file_that_cannot_be_understood(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(ConfigError, match=f"--log-config {file}: .*{said}"):
        read_logging(str(file))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_logging(str(tmp_path / "none.json"))


def test_what_cannot_be_set_up_is_told_with_its_cause(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"handlers": {"h": {"class": "nowhere.Handler"}}}')
    with pytest.raises(ConfigError, match=r"Unable to configure handler 'h': .*nowhere"):
        read_logging(str(file)).apply()


@pytest.fixture
def logger(tmp_path: Path) -> Iterator[logging.Logger]:
    logger = logging.getLogger("gevent_engine.of_a_test")
    handler = logging.FileHandler(tmp_path / "log")
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s %(request)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield logger
    logger.removeHandler(handler)
    handler.close()


class TestStream:
    def test_a_packet_of_the_server_is_one_record(self, logger: logging.Logger, tmp_path: Path) -> None:
        stream = LoggerStream(logger.name, Selection((), ()), is_whole=True)
        stream.feed(b"100% up\n")
        stream.feed(b"Traceback (most recent call last):\n  File\nValueError\n")
        stream.finish()
        assert (tmp_path / "log").read_text() == (
            "INFO 100% up {}\nERROR Traceback (most recent call last):\n  File\nValueError {}\n"
        )

    def test_each_line_of_a_request_is_one_with_its_fields(
        self, logger: logging.Logger, tmp_path: Path
    ) -> None:
        stream = LoggerStream(logger.name, Selection(["health"], ()), is_whole=False)
        stream.feed(b"plain\n/health\n" + json.dumps({"status": 200}).encode() + b"\n{broken\n")
        assert (tmp_path / "log").read_text().splitlines() == [
            "INFO plain {}",
            "INFO {\"status\": 200} {'status': 200}",
            "INFO {broken {}",
        ]

    def test_files_of_handlers_are_opened_again(self, logger: logging.Logger, tmp_path: Path) -> None:
        stream = LoggerStream(logger.name, Selection((), ()), is_whole=True)
        stream.feed(b"one\n")
        (tmp_path / "log").rename(tmp_path / "old")
        stream.open()
        stream.rotate(only_big=False)
        stream.feed(b"two\n")
        assert (tmp_path / "old").read_text() == "INFO one {}\n"
        assert (tmp_path / "log").read_text() == "INFO two {}\n"
