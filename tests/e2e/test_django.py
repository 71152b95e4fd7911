"""The Django example: ordinary blocking views on PostgreSQL, many at once in one process."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.engine_process import REPOSITORY, EngineProcess
from tests.support.http_client import HttpConnection, get

SITE = REPOSITORY / "examples" / "django_site"


@pytest.fixture(scope="module")
def site(postgres):
    """The site on a migrated database."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=SITE,
        env={**os.environ, **postgres.env},
        check=True,
        timeout=60,
    )
    options = ["--gevent", "100", "--gevent-early-monkey-patch", "--chdir", str(SITE)]
    with EngineProcess(*options, "--module", "mysite.wsgi", env=postgres.env) as engine:
        yield engine.wait_ready()


def test_twenty_queries_of_half_a_second_run_together(site):
    get(site.http, "/sleep/")  # Django loads its views with the first request
    with ThreadPoolExecutor(20) as pool:
        begin = time.monotonic()
        responses = list(pool.map(lambda _: get(site.http, "/sleep/"), range(20)))
        took = time.monotonic() - begin
    assert [response.status for response in responses] == [200] * 20
    assert took < 8  # one after the other: 10
    backends = {json.loads(response.body)["backend"] for response in responses}
    assert len(backends) == 20, "requests shared a connection"
    assert len(site.processes()) == 1


def test_the_orm_works_in_views(site):
    count = json.loads(get(site.http, "/notes/count/").body)["count"]
    with HttpConnection(site.http) as connection:
        form = [("Content-Type", "application/x-www-form-urlencoded"), ("Connection", "close")]
        response = connection.request("POST", "/notes/", form, b"text=from+a+greenlet")
    assert response.status == 201
    note = json.loads(response.body)
    assert note["text"] == "from a greenlet"
    assert note in json.loads(get(site.http, "/notes/").body)["notes"]
    assert json.loads(get(site.http, "/notes/count/").body)["count"] == count + 1
    assert "SynchronousOnlyOperation" not in site.log()


def test_the_orm_works_in_many_requests_at_once(site):
    with ThreadPoolExecutor(20) as pool:
        responses = list(pool.map(lambda _: get(site.http, "/notes/count/"), range(100)))
    assert [response.status for response in responses] == [200] * 100
    assert "Traceback" not in site.log()


def test_other_requests_are_answered_while_queries_run(site):
    times = []
    for _ in range(5):  # on a busy machine one answer may take as long as the query
        with HttpConnection(site.http) as slow:
            begin = time.monotonic()
            slow.send_request("GET", "/sleep/")
            assert get(site.http, "/").text == "Hello from Django\n"
            times.append(time.monotonic() - begin)
            assert slow.reader.read().status == 200
    assert min(times) < 0.4
