"""Streams of log lines: cutting, sorting, encoding; loggers as options write them."""

from __future__ import annotations

import json
import os
import re
import socket
from contextlib import closing

import pytest

from engine.errors import ConfigError
from engine.logs.destinations import open_destination
from engine.logs.log_file import LogFile
from engine.logs.stream import LineStream
from engine.logs.targets import Chain, FileRules, LogTargets, Target, check_pattern, parse_route, parse_target


class Kept:
    """A destination that keeps what it is given."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, line: bytes) -> None:
        self.lines.append(line)

    def open(self) -> None:
        pass

    def rotate(self, *, only_big: bool) -> None:
        pass


def stream_of(chain: Chain, drain=(), keep=()) -> tuple[LineStream, dict[str | None, Kept]]:
    kept: dict[str | None, Kept] = {}

    def open_target(target: Target) -> Kept:
        return kept.setdefault(target.name, Kept())

    return LineStream(chain, drain, keep, open_target), kept


class TestLines:
    @pytest.mark.parametrize("cut", range(1, 9))
    def test_however_bytes_are_cut_lines_come_out_whole(self, cut: int) -> None:
        stream, kept = stream_of(Chain())
        data = b"one\ntwo\nthree"
        for start in range(0, len(data), cut):
            stream.feed(data[start : start + cut])
        assert kept[None].lines == [b"one\n", b"two\n"]
        stream.finish()
        assert kept[None].lines[2:] == [b"three\n"]

    def test_drain_and_keep(self) -> None:
        stream, kept = stream_of(Chain(), drain=["health"], keep=["GET", "POST"])
        stream.feed(b"GET /\nGET /health\nother\nPOST /x\n")
        assert kept[None].lines == [b"GET /\n", b"POST /x\n"]

    def test_routes_take_lines_away_and_named_loggers_get_no_others(self) -> None:
        chain = Chain((Target("stdio"), Target("file", "x", "bad")), routes=((" 5\\d\\d ", "bad"),))
        stream, kept = stream_of(chain)
        stream.feed(b"a 200 x\nb 503 x\n")
        assert kept[None].lines == [b"a 200 x\n"]
        assert kept["bad"].lines == [b"b 503 x\n"]


class TestEncoders:
    def encoded(self, *encoders: str, line: bytes = b'say "hi"') -> bytes:
        stream, kept = stream_of(Chain(encoders=encoders))
        stream.feed(line + b"\n")
        return kept[None].lines[0]

    def test_json_escapes_the_message(self) -> None:
        written = self.encoded('json {"at":${unix},"msg":"${msg}"}', "nl")
        assert json.loads(written)["msg"] == 'say "hi"'

    def test_they_work_in_a_row(self) -> None:
        assert self.encoded("prefix [", "suffix ]", "format <${msg}>") == b'<[say "hi"]>\n'

    def test_times(self) -> None:
        assert re.fullmatch(
            rb"\d{4} \d{10} \d{13} \d{16}\n",
            self.encoded("format ${strftime:%Y} ${unix} ${millis} ${micros}"),
        )

    def test_an_encoder_for_one_logger_leaves_others_alone(self) -> None:
        chain = Chain((Target("stdio"), Target("stdio", "", "two")), ("prefix:two >",), (("b", "two"),))
        stream, kept = stream_of(chain)
        stream.feed(b"a\nb\n")
        assert (kept[None].lines, kept["two"].lines) == ([b"a\n"], [b">b\n"])


class TestOptions:
    @pytest.mark.parametrize(
        ("text", "target"),
        [
            ("file:/var/log/x y.log", Target("file", "/var/log/x y.log")),
            ("errors file:/x", Target("file", "/x", "errors")),
            ("stdio", Target("stdio")),
            ("stdio:", Target("stdio")),
            ("syslog:app,local3", Target("syslog", "app,local3")),
            ("mine socket:127.0.0.1:99", Target("socket", "127.0.0.1:99", "mine")),
            ("fd:2", Target("fd", "2")),
        ],
    )
    def test_loggers(self, text: str, target: Target) -> None:
        assert parse_target("logger", text) == target

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("file", "file:/var/log"),
            ("redislog:x", "log shipper"),
            ("nosuch:1", "kinds are"),
            ("fd:x", "fd:2"),
        ],
    )
    def test_what_is_no_logger_is_refused_with_advice(self, text: str, said: str) -> None:
        with pytest.raises(ConfigError, match=said):
            parse_target("logger", text)

    def test_routes_name_a_logger_and_hold_a_pattern(self) -> None:
        targets = [Target("stdio", "", "bad")]
        assert parse_route("log-route", "bad 5..", targets) == ("5..", "bad")
        with pytest.raises(ConfigError, match="no logger 'none'"):
            parse_route("log-route", "none x", targets)
        with pytest.raises(ConfigError, match="no regular expression"):
            check_pattern("log-drain", "(")

    def test_a_file_for_each_kind_needs_no_process(self) -> None:
        one = Chain((Target("file", "/x"),))
        assert not LogTargets(one, one).needs_process()
        assert not LogTargets().needs_process()
        assert LogTargets(drain=("x",)).needs_process()
        assert LogTargets(Chain((Target("syslog"),))).needs_process()
        assert LogTargets(Chain(encoders=("nl",))).needs_process()


class TestDestinations:
    def open(self, *parts: str):
        return closing(open_destination(Target(*parts), 2, FileRules(), None))

    def test_datagrams(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(5)
            with self.open("socket", f"127.0.0.1:{receiver.getsockname()[1]}") as destination:
                destination.write(b"line\n")
            assert receiver.recv(100) == b"line\n"

    def test_syslog_elsewhere(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(5)
            with self.open("rsyslog", f"127.0.0.1:{receiver.getsockname()[1]},shop") as destination:
                destination.write(b"line\n")
            assert re.fullmatch(rb"<30>\w{3} [ \d]\d \d\d:\d\d:\d\d shop: line", receiver.recv(100))

    def test_nobody_who_listens_does_no_harm(self, tmp_path) -> None:
        for kind, argument in (("socket", str(tmp_path / "none.sock")), ("syslog", "app")):
            with self.open(kind, argument) as destination:
                destination.write(b"line\n")

    def test_a_file_that_has_grown_is_rotated(self, tmp_path) -> None:
        rules = FileRules(mode=0o600, max_size=10, backup=str(tmp_path / "old"))
        file = open_destination(Target("file", str(tmp_path / "log")), 2, rules, None)
        file.write(b"123\n")
        file.rotate(only_big=True)
        assert not (tmp_path / "old").exists()
        file.write(b"4567890\n")
        file.rotate(only_big=True)
        file.write(b"new\n")
        file.close()
        assert (tmp_path / "old").read_text() == "123\n4567890\n"
        assert (tmp_path / "log").read_text() == "new\n"
        assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600

    def test_a_file_that_cannot_be_opened_is_refused(self, tmp_path) -> None:
        with pytest.raises(ConfigError, match="Is a directory"):
            self.open("file", str(tmp_path))


def test_a_log_file_keeps_its_descriptor_when_it_is_opened_again(tmp_path) -> None:
    file = LogFile("req-logger", str(tmp_path / "log"), ())
    file.open()
    fd = file.fd
    os.write(fd, b"1")
    assert file.rotate().startswith(str(tmp_path / "log."))
    file.open()
    os.write(fd, b"2")
    assert file.fd == fd
    assert (tmp_path / "log").read_bytes() == b"2"
    os.close(fd)


def test_truncating(tmp_path) -> None:
    path = tmp_path / "log"
    path.write_text("before")
    LogFile("logto", str(path), ()).truncate()
    assert path.read_text() == "before"
    LogFile("logto", str(path), (), FileRules(truncate=True)).truncate()
    assert path.read_text() == ""
