"""Reloads lose no request, keep the old code until the new one serves, and survive broken code."""

import os
import signal

import psutil
import pytest

from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.load import Load
from tests.support.waiting import wait_until

pytestmark = pytest.mark.engine_only("uWSGI drops requests, and re-executes before it knows that it can")

lazy = pytest.mark.parametrize("lazy", [[], ["--lazy-apps"]], ids=["preloaded", "lazy-apps"])


@pytest.fixture
def version(tmp_path):
    """The file that ``apps/version.py`` reads; call to change it."""
    path = tmp_path / "version"

    def write(text):
        beside = path.with_suffix(".new")
        beside.write_text(text)
        beside.replace(path)

    write("v1")
    write.path = path
    return write


@pytest.fixture
def start(start_answering, version):
    def start(*options, workers=2):
        many = ["--master", "--processes", str(workers)]
        return start_answering(
            *many, "--module", "version", *options, env={"VERSION_FILE": str(version.path)}
        )

    return start


def who(engine):
    """(version, pid) of one answer."""
    name, pid = get(engine.http).text.split()
    return name, int(pid)


def workers_of(engine):
    return {process.pid for process in engine.processes() if process.pid != engine.pid}


def wait_for_version(engine, version):
    """Wait until nobody of another version is left."""

    def settled():
        return len(workers_of(engine)) == 2 and {who(engine)[0] for _ in range(4)} == {version}

    wait_until(settled, timeout=40, what=f"only {version} to serve")


@lazy
def test_hangup_under_load_loses_nothing(start, version, lazy):
    engine = start(*lazy)
    with Load(engine.http, "/", clients=6) as load:
        for number in range(2, 5):
            load.wait_for(30)
            version(f"v{number}")
            engine.signal(signal.SIGHUP)
            wait_for_version(engine, f"v{number}")
        load.wait_for(30)
    assert load.lost == []
    assert {answer.split()[0] for answer in load.answers} == {b"v1", b"v2", b"v3", b"v4"}
    assert engine.is_running()
    assert engine.log().count("gracefully (RE)spawned uWSGI master process") == 3


@lazy
def test_a_version_that_does_not_load_changes_nothing(start, version, lazy):
    engine = start(*lazy)
    before = workers_of(engine)
    version("BREAK")
    engine.signal(signal.SIGHUP)
    engine.wait_for_log("reload given up")
    assert "this version is broken" in engine.log()
    assert who(engine)[0] == "v1"
    assert workers_of(engine) == before
    version("v2")
    engine.signal(signal.SIGHUP)
    wait_for_version(engine, "v2")


def test_a_lazy_worker_that_does_not_load_keeps_the_old_one(start, version, tmp_path):
    fifo = tmp_path / "fifo"
    engine = start("--lazy-apps", "--master-fifo", str(fifo))
    before = workers_of(engine)
    version("BREAK")
    fifo.write_text("w")
    engine.wait_for_log("before it was ready; the workers that run now go on serving")
    wait_until(lambda: workers_of(engine) == before, timeout=20, what="the bad starts to end")
    assert who(engine)[0] == "v1"
    version("v2")
    fifo.write_text("w")
    wait_for_version(engine, "v2")


def hanging_trial(engine, version):
    """Begin a reload whose trial does not end; return the process that tries."""
    before = workers_of(engine)
    version("HANG")
    engine.signal(signal.SIGHUP)
    wait_until(lambda: len(workers_of(engine)) == 3, timeout=20, what="the trial")
    return psutil.Process((workers_of(engine) - before).pop())


def has_ended(process):
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_second_reload_ends_the_trial_of_the_first(start, version):
    engine = start()
    trial = hanging_trial(engine, version)
    version("v2")
    engine.signal(signal.SIGHUP)
    wait_for_version(engine, "v2")  # with two workers and nobody else, dead ones included
    assert not trial.is_running()


def test_a_stop_ends_the_trial_of_a_reload(start, version):
    engine = start()
    trial = hanging_trial(engine, version)
    engine.signal(signal.SIGTERM)
    assert engine.wait_exit() == 0
    wait_until(lambda: has_ended(trial), timeout=10, what="the trial to end")


def test_a_running_request_is_finished_by_the_old_worker(start, version):
    engine = start()
    with HttpConnection(engine.http) as connection:
        connection.send(request_bytes("GET", "/sleep/4"))
        wait_until(lambda: who(engine), timeout=10, what="another request to be served")
        version("v2")
        engine.signal(signal.SIGHUP)
        engine.wait_for_log("(RE)spawned")
        wait_until(lambda: who(engine)[0] == "v2", timeout=20, what="the new version")
        response = connection.reader.read()
        assert response.text.startswith("v1 ")
        assert response.header("connection") == "close"


def test_hangup_of_a_worker_replaces_only_that_one(start):
    engine = start()
    before = workers_of(engine)
    victim = min(before)
    with Load(engine.http, "/") as load:
        load.wait_for(10)
        os.kill(victim, signal.SIGHUP)
        wait_until(
            lambda: victim not in workers_of(engine) and len(workers_of(engine)) == 2,
            timeout=20, what="another worker",
        )  # fmt: skip
        load.wait_for(10)
    assert load.lost == []
    assert before - {victim} < workers_of(engine)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--touch-reload", "(RE)spawned"),
        ("--touch-workers-reload", "replacing workers, all"),
        ("--touch-chain-reload", "replacing workers, one by one"),
    ],
)
def test_touching_a_file_reloads_without_loss(start, version, tmp_path, option, said):
    touched = tmp_path / "touched"
    touched.touch()
    engine = start("--lazy-apps", option, str(touched))
    version("v2")
    with Load(engine.http, "/") as load:
        load.wait_for(10)
        os.utime(touched, (1, 1))
        engine.wait_for_log(said)
        wait_for_version(engine, "v2")
        load.wait_for(10)
    assert load.lost == []


def test_a_chain_reload_replaces_one_worker_at_a_time(start, version, tmp_path):
    fifo = tmp_path / "fifo"
    engine = start("--lazy-apps", "--master-fifo", str(fifo), workers=3)
    mark = len(engine.log())
    fifo.write_text("c")

    def steps():
        lines = engine.log()[mark:].splitlines()
        return [line.split(" worker ")[1].split()[0] for line in lines if "Respawned uWSGI worker" in line]

    wait_until(lambda: len(steps()) == 3, timeout=30, what="three steps")
    assert steps() == ["1", "2", "3"]
    engine.wait_for_log("Gracefully killing worker 3", after=mark)
    lines = engine.log()[mark:].splitlines()
    started_last = next(i for i, line in enumerate(lines) if "Respawned uWSGI worker 3" in line)
    assert any(
        "Gracefully killing worker 1" in line or "killed successfully" in line
        for line in lines[: started_last + 2]
    )


def test_the_fifo_adds_and_removes_workers_and_stops(start, tmp_path):
    fifo = tmp_path / "fifo"
    engine = start("--master-fifo", str(fifo))
    fifo.write_text("+")
    wait_until(lambda: len(workers_of(engine)) == 3, timeout=20, what="a third worker")
    fifo.write_text("--")
    wait_until(lambda: len(workers_of(engine)) == 1, timeout=20, what="one worker")
    fifo.write_text("?s")
    engine.wait_for_log("no command '?'")
    engine.wait_for_log("cores busy")
    fifo.write_text("q")
    assert engine.wait_exit() == 0


def test_ttin_and_ttou_change_the_number_of_workers(start):
    engine = start()
    engine.signal(signal.SIGTTIN)
    wait_until(lambda: len(workers_of(engine)) == 3, timeout=20, what="a third worker")
    engine.signal(signal.SIGTTOU)
    wait_until(lambda: len(workers_of(engine)) == 2, timeout=20, what="two workers")


def test_a_pause_leaves_new_connections_waiting_and_freezes_nobody(start, tmp_path):
    """uWSGI suspends its gevent workers in a blocking wait, which stops running requests too."""
    fifo = tmp_path / "fifo"
    engine = start("--master-fifo", str(fifo))
    with HttpConnection(engine.http) as running, HttpConnection(engine.http) as new:
        running.send(request_bytes("GET", "/sleep/1"))
        fifo.write_text("p")
        engine.wait_for_log("*** PAUSE")
        assert running.reader.read().status == 200
        new.send(request_bytes("GET", "/"))
        fifo.write_text("p")
        assert new.reader.read().status == 200


def test_without_a_master_a_hangup_reloads_and_keeps_the_socket(start_engine, version):
    """uWSGI ends with status 17 and leaves the rest to whoever started it."""
    engine = start_engine("--module", "version", env={"VERSION_FILE": str(version.path)})
    assert who(engine) == ("v1", engine.pid)
    with Load(engine.http, "/", clients=2) as load:
        load.wait_for(5)
        version("BREAK")
        engine.signal(signal.SIGHUP)
        engine.wait_for_log("reload given up")
        load.wait_for(5)
        version("v2")
        engine.signal(signal.SIGHUP)
        wait_until(lambda: who(engine)[0] == "v2", timeout=20, what="the new version")
        load.wait_for(5)
    assert load.lost == []
    assert who(engine) == ("v2", engine.pid)


def test_py_autoreload_sees_a_changed_module_and_survives_a_broken_one(start_engine, tmp_path):
    module = tmp_path / "mine.py"
    text = "def application(environ, start_response):\n    start_response('200 OK', [])\n    return [b'%s']\n"
    module.write_text(text % "one")
    os.utime(module, (1, 1))
    engine = start_engine("--chdir", str(tmp_path), "--module", "mine", "--py-autoreload", "0.2")
    assert get(engine.http).body == b"one"
    module.write_text("syntax error\n")
    engine.wait_for_log("module/file mine has been modified")
    engine.wait_for_log("reload given up")
    assert get(engine.http).body == b"one"
    module.write_text(text % "two, which is longer")
    wait_until(lambda: get(engine.http).body.startswith(b"two"), timeout=20, what="the changed module")


def test_term_reloads_only_where_it_is_asked_for(start, version):
    engine = start("--die-on-term=false")
    version("v2")
    wait_until(lambda: len(workers_of(engine)) == 2, timeout=20, what="both workers")
    old = workers_of(engine)
    engine.signal(signal.SIGTERM)
    # This reload is brutal: an old worker is killed with the requests it has, so none are sent before.
    wait_until(lambda: not old & workers_of(engine), timeout=40, what="the old workers to be killed")
    wait_for_version(engine, "v2")
    engine.signal(signal.SIGINT)
    assert engine.wait_exit() == 0


def test_the_application_knows_that_this_is_a_reload(start, version, tmp_path):
    config = tmp_path / "app.ini"
    config.write_text("[uwsgi]\nif-reload = yes\nenv = RELOADED=1\nendif =\n")
    engine = start("--ini", str(config))
    engine.signal(signal.SIGHUP)
    engine.wait_for_log("(RE)spawned")
    wait_until(lambda: len(workers_of(engine)) == 2, timeout=20, what="the old workers to end")

    def reloads():
        return {process.environ().get("UWSGI_RELOADS") for process in engine.processes()}

    wait_until(lambda: reloads() == {"1"}, timeout=20, what="every process to be of the second start")


def test_a_second_address_in_the_configuration_is_bound_at_reload(start, version, tmp_path):
    socket = tmp_path / "more.sock"
    config = tmp_path / "app.ini"
    config.write_text("[uwsgi]\n")
    engine = start("--ini", str(config))
    config.write_text(f"[uwsgi]\nhttp-socket = {socket}\n")
    engine.signal(signal.SIGHUP)
    wait_until(socket.exists, timeout=20, what="the second socket")
    wait_until(lambda: get(socket).status == 200, timeout=20, what="an answer there")
    assert get(engine.http).status == 200


def test_a_patched_server_stops_in_order_after_a_reload(start):
    engine = start("--gevent-early-monkey-patch")
    engine.signal(signal.SIGHUP)
    log = engine.wait_for_log("(RE)spawned")
    wait_until(lambda: len(workers_of(engine)) == 2, timeout=20, what="the old workers to end")
    assert get(engine.http).status == 200
    engine.signal(signal.SIGTERM)
    assert engine.wait_exit() == 0
    assert "Traceback" not in engine.log()[len(log) :]


def test_what_is_touched_while_the_application_loads_counts(start_engine, tmp_path):
    touched = tmp_path / "reload"
    touched.touch()
    (tmp_path / "app.py").write_text(
        "import os, sys\n"
        f"text = open({str(tmp_path / 'text')!r}).read()\n"
        "if 'UWSGI_RELOADS' not in os.environ:\n"
        "    # As a deployment that writes the new version while the server starts.\n"
        f"    open({str(tmp_path / 'text')!r}, 'w').write('new')\n"
        f"    os.utime({str(touched)!r}, (1, 1))\n"
        "def application(environ, start_response):\n"
        "    start_response('200 OK', [])\n"
        "    return [text.encode()]\n"
    )
    (tmp_path / "text").write_text("old")
    engine = start_engine("--chdir", str(tmp_path), "--module", "app", "--touch-reload", str(touched))
    wait_until(lambda: get(engine.http).text == "new", timeout=20, what="the new version")
