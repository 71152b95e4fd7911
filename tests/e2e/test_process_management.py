"""Pid files, the background, users, titles, hooks, adaptive workers, and what happens at the end."""

import os
import pwd
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.engine_process import EngineProcess, run_engine
from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.load import Load
from tests.support.ports import free_port
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI does these in its own way")

shapes = pytest.mark.parametrize(
    "shape", [[], ["--master", "-p", "2"]], ids=["alone", "master and 2 workers"]
)


def pid_in(path):
    return int(path.read_text()) if path.exists() and path.read_text() else 0


@shapes
def test_reload_and_stop_by_pidfile(start_engine, tmp_path, shape):
    pidfile = tmp_path / "pid"
    engine = start_engine("--module", "routes", "--pidfile", str(pidfile), "--vacuum", *shape)
    get(engine.http, "/hello")
    assert pid_in(pidfile) == engine.pid
    assert run_engine("--reload", str(pidfile)).returncode == 0
    engine.wait_for_log("binary reloading", timeout=30)
    wait_until(lambda: engine.log().count("*** Starting") == 2, timeout=20, what="the second start")
    wait_until(lambda: get(engine.http, "/hello").status == 200, timeout=20, what="an answer")
    assert pid_in(pidfile) == engine.pid
    assert run_engine("--stop", str(pidfile)).returncode == 0
    assert engine.wait_exit() == 0
    assert not pidfile.exists()
    gone = run_engine("--stop", str(pidfile))
    assert gone.returncode == 1
    assert "is no pid file" in gone.stderr


def test_a_safe_pidfile_is_left_alone_by_a_start_that_fails(start_engine, tmp_path):
    pidfile = tmp_path / "pid"
    start_engine("--module", "routes", "--safe-pidfile", str(pidfile)).wait_ready()
    wait_until(lambda: pid_in(pidfile), timeout=10, what="the pid file")
    before = pid_in(pidfile)
    (tmp_path / "broken.py").write_text("1/0")
    options = ["--chdir", str(tmp_path), "--module", "broken", "--safe-pidfile", str(pidfile)]
    with EngineProcess(*options) as broken:
        assert broken.wait_exit() == 22
    assert pid_in(pidfile) == before


def test_the_background(tmp_path, apps):
    pidfile, log, port = tmp_path / "pid", tmp_path / "log", free_port()
    options = ["--http-socket", f"127.0.0.1:{port}", "--chdir", str(apps), "--pidfile", str(pidfile)]
    started = run_engine(*options, "--master", "--module", "routes", "--daemonize", str(log))
    try:
        assert started.returncode == 0
        assert started.stderr == ""
        assert get(("127.0.0.1", port), "/hello").status == 200
        process = psutil.Process(pid_in(pidfile))
        assert os.getsid(process.pid) != os.getsid(0)
        assert process.terminal() is None
        assert "spawned uWSGI worker 1" in log.read_text()
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "(RE)spawned" in log.read_text(), timeout=30, what="the reload")
        wait_until(lambda: get(("127.0.0.1", port), "/hello").status == 200, timeout=20, what="an answer")
    finally:
        if pid_in(pidfile):
            psutil.Process(pid_in(pidfile)).terminate()
            wait_until(lambda: "goodbye" in log.read_text(), timeout=20, what="the end")


def test_a_background_start_that_fails_is_told_in_the_foreground(tmp_path):
    log = tmp_path / "log"
    options = ["--http-socket", "127.0.0.1:0", "--module", "no_such_module_at_all"]
    started = run_engine(*options, "--daemonize", str(log))
    assert started.returncode == 1
    assert f"the server did not start; see {log}" in started.stderr
    assert "no_such_module_at_all" in log.read_text()


def open_to_all(path: Path) -> bool:
    """Whether every user may come as far as *path*."""
    return all(parent.stat().st_mode & 0o001 for parent in path.absolute().parents)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become somebody else")
@pytest.mark.skipif(
    not all(map(open_to_all, (Path(sys.executable), Path(__file__)))),
    reason="nobody may run this interpreter, or read these files, from where they lie",
)
def test_privileges_are_dropped_and_stay_dropped_over_a_reload(start_engine):
    engine = start_engine("--module", "routes", "--uid", "nobody", "--master", "--add-gid", "12345")
    get(engine.http, "/hello")
    nobody = pwd.getpwnam("nobody")
    for _ in range(2):
        for process in engine.processes():
            assert set(process.uids()) == {nobody.pw_uid}
            assert set(process.gids()) == {nobody.pw_gid}
        engine.signal(signal.SIGHUP)
        engine.wait_for_log("worker 1 killed successfully", timeout=30)
    status = Path(f"/proc/{engine.pid}/status").read_text()
    groups = next(line for line in status.splitlines() if line.startswith("Groups"))
    assert "12345" in groups.split()
    assert "0" not in groups.split()[1:]


def test_unknown_users_are_refused(tmp_path):
    refused = run_engine("--http-socket", "127.0.0.1:0", "--module", "x", "--uid", "nobody-here")
    assert refused.returncode == 1
    assert "--uid nobody-here: there is no such user" in refused.stderr


def test_titles(start_engine):
    pytest.importorskip("setproctitle")
    engine = start_engine("--module", "routes", "--master", "--mule", "--procname-prefix-spaced", "shop")
    get(engine.http, "/hello")
    wanted = {f"shop gevent-engine {role}" for role in ("master", "worker 1", "mule 1")}

    def titles():
        return {" ".join(process.cmdline()).strip() for process in engine.processes()}

    wait_until(lambda: titles() == wanted, timeout=20, what="the titles of all processes")


def test_hooks_run_in_order(start_engine, tmp_path):
    notes = tmp_path / "notes"
    moments = ["as-user-atexit", "post-fork", "post-app", "pre-app", "as-user", "as-root", "asap"]
    options = [f"--exec-{moment}=echo {moment} >> {notes}" for moment in moments]
    engine = start_engine(
        "--module", "routes", "--master", *options, "--hook-post-app", f"write:{tmp_path}/w hi"
    )
    get(engine.http, "/hello")
    engine.signal(signal.SIGTERM)
    assert engine.wait_exit() == 0
    assert notes.read_text().split() == [
        "asap", "as-root", "as-user", "pre-app", "post-app", "post-fork", "as-user-atexit"
    ]  # fmt: skip
    assert (tmp_path / "w").read_text() == "hi"


def test_a_hook_that_fails_ends_the_start(tmp_path, apps):
    failed = run_engine(
        "--http-socket", "127.0.0.1:0", "--chdir", str(apps), "--module", "routes", "--exec-pre-app", "exit 3"
    )  # fmt: skip
    assert failed.returncode == 1
    assert "hook pre-app: the command 'exit 3' ended with status 3" in failed.stderr
    unknown = run_engine("--http-socket", "127.0.0.1:0", "--module", "x", "--hook-asap", "explode:now")
    assert "unknown action 'explode'" in unknown.stderr


def test_the_log_file_is_opened_again_when_asked(start_engine, tmp_path):
    log, fifo = tmp_path / "log", tmp_path / "fifo"
    engine = start_engine("--module", "routes", "--logto", str(log), "--master-fifo", str(fifo))
    get(engine.http, "/hello")
    wait_until(lambda: "GET /hello" in log.read_text(), timeout=10, what="the request line")
    log.rename(tmp_path / "old")
    fifo.write_text("l")
    wait_until(log.exists, timeout=10, what="a new log file")

    def logged():
        get(engine.http, "/hello")
        return "GET /hello" in log.read_text()

    wait_until(logged, timeout=10, what="a request line in the new file")


def test_cheaper_follows_the_load_and_cuts_nothing_off(start_engine):
    """uWSGI's gevent workers ignore "go cheap" until they are killed (issue 1098)."""
    engine = start_engine(
        "--module", "routes", "--processes", "3", "--cheaper", "1", "--cheaper-overload", "1", "--gevent", "4"
    )  # fmt: skip

    def workers():
        return len(engine.processes()) - 1

    get(engine.http, "/hello")
    assert workers() == 1
    with Load(engine.http, "/sleep/0.2", clients=10) as load:
        wait_until(lambda: workers() == 3, timeout=30, what="three workers")
    with HttpConnection(engine.http) as slow:
        slow.send(request_bytes("GET", "/sleep/5"))
        wait_until(lambda: workers() <= 2, timeout=30, what="fewer workers")
        assert slow.reader.read().body == b"slept 5"
    wait_until(lambda: workers() == 1, timeout=30, what="one worker")
    assert load.lost == []
    assert "NO MERCY" not in engine.log()


@shapes
def test_greenlets_left_at_the_end_may_clean_up(start_engine, tmp_path, shape):
    """uWSGI drops them: no GreenletExit, no finally, no atexit handlers."""
    notes = tmp_path / "notes"
    engine = start_engine("--module", "leftovers", *shape, env={"NOTES": str(notes)})
    get(engine.http, "/background/100")
    engine.signal(signal.SIGTERM)
    assert engine.wait_exit() == 0
    lines = notes.read_text().split()
    assert lines[:2] == ["GreenletExit", "finally"] or sorted(lines)[:1] == ["GreenletExit"]
    assert lines.count("finally") == 1
    assert (
        lines.count("atexit") == len(shape and ["master", "worker", "worker"]) or lines.count("atexit") >= 1
    )


@shapes
def test_wait_for_hub_waits_for_them(start_engine, tmp_path, shape):
    notes = tmp_path / "notes"
    options = ["--module", "leftovers", "--gevent-wait-for-hub", *shape]
    engine = start_engine(*options, env={"NOTES": str(notes)})
    get(engine.http, "/background/1.5")
    engine.signal(signal.SIGTERM)
    assert engine.wait_exit() == 0
    assert "background done" in notes.read_text()


@shapes
def test_wait_for_hub_waits_no_longer_than_mercy(start_engine, tmp_path, shape):
    notes = tmp_path / "notes"
    options = ["--module", "leftovers", "--gevent-wait-for-hub", "--worker-reload-mercy", "1", *shape]
    engine = start_engine(*options, env={"NOTES": str(notes)})
    get(engine.http, "/background/100")
    engine.signal(signal.SIGTERM)
    engine.wait_exit()
    assert "GreenletExit" in notes.read_text()
