"""Commands that a master runs: cron jobs and their options."""

from __future__ import annotations

import os
import signal

import pytest

from engine.config import OPTIONS, read, resolve
from engine.config.programs import CronJob, TouchedCommand
from engine.errors import ConfigError
from engine.process.crontab import Crontab
from engine.process.programs import Program
from tests.support.waiting import wait_until

ALWAYS = (-1, -1, -1, -1, -1)
NEVER = (0, 0, 31, 2, -1)  # the 31st of February


def settings_of(*args: str):
    return resolve(read([*args, "--module", "x", "--http-socket", ":0"], {}, OPTIONS))


class TestOptions:
    @pytest.mark.parametrize(
        ("args", "job"),
        [
            (["--cron", "59 2 -1 -1 -1 backup --all"], CronJob((59, 2, -1, -1, -1), "backup --all")),
            (["--cron", "-5 * * * 7 x"], CronJob((-5, -1, -1, -1, 7), "x")),
            (["--unique-cron", "-1 -1 -1 -1 -1 x"], CronJob(ALWAYS, "x", unique=True)),
            (
                ["--cron2", "minute=3,week=0,unique=1,harakiri=9 a b"],
                CronJob((3, -1, -1, -1, 0), "a b", True, 9.0),
            ),
            (["--cron2", "plain command"], CronJob(ALWAYS, "plain command")),
            (["--cron-harakiri", "7", "--cron", "0 0 1 1 0 x"], CronJob((0, 0, 1, 1, 0), "x", False, 7.0)),
        ],
    )
    def test_cron_jobs(self, args, job) -> None:
        settings = settings_of(*args)
        assert settings.cron_jobs == (job,)
        assert settings.master

    @pytest.mark.parametrize(
        "args",
        [
            ["--cron", "1 2 3 x"],
            ["--cron", "60 0 0 0 0 x"],
            ["--cron2", "minute=x y"],
            ["--cron2", "nosuch=1 y"],
            ["--cron2", "minute=1"],
            ["--touch-exec", "file"],
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, args) -> None:
        with pytest.raises(ConfigError, match=args[0]):
            settings_of(*args)

    def test_touch_exec(self) -> None:
        assert settings_of("--touch-exec", "/x/y z  1").touch_exec == (TouchedCommand("/x/y", "z  1"),)


class TestProgram:
    def test_its_status_is_told_once(self) -> None:
        program = Program("exit 7")
        assert program.reap() is None
        program.start()
        assert wait_until(program.reap, timeout=10, what="the end") == 7
        assert program.reap() is None
        assert not program.is_running()

    def test_a_signal_reaches_what_it_has_started(self, tmp_path) -> None:
        program = Program(f"(trap '' HUP; echo up > {tmp_path}/up; exec sleep 60) & wait")
        program.start()
        wait_until((tmp_path / "up").exists, timeout=10, what="the inner process")
        program.signal(signal.SIGTERM)
        assert wait_until(program.reap, timeout=10, what="the end") == -signal.SIGTERM


class TestCrontab:
    def look_until(self, crontab: Crontab, lines: list[str], text: str) -> None:
        def look() -> bool:
            crontab.look()
            return any(text in line for line in lines)

        wait_until(look, timeout=10, what=text)

    def test_a_job_runs_in_its_minute_and_is_buried(self, tmp_path) -> None:
        lines: list[str] = []
        crontab = Crontab([CronJob(ALWAYS, f"echo ran >> {tmp_path}/ran")], lines.append)
        self.look_until(crontab, lines, "has ended with status 0")
        # A second one is on its way if a minute has begun meanwhile.
        assert (tmp_path / "ran").read_text() in ("ran\n", "ran\nran\n")

    def test_a_job_that_takes_too_long_is_killed(self) -> None:
        lines: list[str] = []
        crontab = Crontab([CronJob(ALWAYS, "sleep 60", harakiri=0.05)], lines.append)
        self.look_until(crontab, lines, f"status -{signal.SIGKILL.value}")
        assert any("CRON HARAKIRI" in line for line in lines)

    def test_a_unique_job_is_not_started_while_it_runs(self) -> None:
        lines: list[str] = []
        job = CronJob(NEVER, "sleep 60", unique=True)  # started by this test alone
        crontab = Crontab([job], lines.append)
        crontab._start(0, 0.0)
        crontab._start(0, 0.0)
        assert "still runs" in lines[-1]
        assert crontab.figures()[0]["pid"] == crontab._running[0][1].pid
        assert crontab.figures()[0]["started_at"] > 1_600_000_000
        pid = crontab._running[0][1].pid
        os.killpg(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        self.look_until(crontab, lines, "has ended")
        assert crontab.figures()[0]["pid"] == -1

    def test_nothing_is_started_while_the_server_stops(self) -> None:
        lines: list[str] = []
        Crontab([CronJob(ALWAYS, "true")], lines.append).look(stopping=True)
        assert lines == []
