"""Celery: tasks sent from many greenlets at once, run by a real worker, results fetched."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from tests.stack.conftest import APPS, engine
from tests.stack.pages import write_examples
from tests.stack.requests_at_once import at_once, sent
from tests.support.engine_process import REPOSITORY
from tests.support.processes import ServerProcess
from tests.support.waiting import wait_until

pytest.importorskip("celery")
library = pytest.importorskip("redis")

MANY = 40


@pytest.fixture(scope="module")
def shop(tmp_path_factory, redis):
    """The directory with the page's program, and the environment it wants."""
    directory = tmp_path_factory.mktemp("orders")
    assert write_examples("how-to/celery.md", directory) == ["orders.py"]
    path = os.pathsep.join(map(str, [REPOSITORY, directory, APPS]))
    return directory, {"REDIS": "redis://{}:{}/1".format(*redis), "PYTHONPATH": path}


@pytest.fixture(scope="module")
def worker(shop):
    """A worker whose greenlets run on the bridge."""
    directory, env = shop
    options = ["--app", "orders", "worker", "--pool", "gevent", "--concurrency", "50", "--loglevel", "INFO"]
    quick = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command = [sys.executable, "-m", "celery", *options, *quick]
    with ServerProcess(command, cwd=directory, env=env) as process:
        process.wait_for_log("ready.")
        yield process
        process.signal(signal.SIGKILL)  # its own end takes five seconds, with or without tasks


def test_each_request_gets_its_result_and_tasks_overlap(shop, worker):
    directory, env = shop
    with engine("orders", "--chdir", str(directory), env=env) as server:
        server.wait_ready()
        for path in ("/", "/asked"):
            answers = at_once(server.http, [f"{path}?{number}" for number in range(MANY)])
            assert [response.text for response in answers.responses] == [str(3 * n) for n in range(MANY)]
        assert answers.took < 0.3 * MANY * 0.8, "the worker ran one task after the other"


def test_results_come_also_after_requests_that_were_ended(shop, worker, redis):
    _, env = shop
    with (
        library.Redis(*redis, db=1) as broker,
        engine("orders_unanswered", "--kill-on-disconnect", env=env) as server,
    ):
        server.wait_ready()
        with sent(server.http, ["/nobody"] * 5):
            wait_until(lambda: broker.llen("nobody") == 5, timeout=20, what="the tasks to be sent")
            assert at_once(server.http, ["/?7"] * 5).statuses == {200}
        answers = at_once(server.http, [f"/?{number}" for number in range(10)])
        assert [response.text for response in answers.responses] == [str(3 * n) for n in range(10)]
