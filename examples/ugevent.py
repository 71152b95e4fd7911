"""Signals, timers and file monitors in greenlets, next to a request that sleeps and looks up names.

Runs under both servers, with the same options:

    gevent-engine --http-socket :9090 --gevent 100 --master --module ugevent
    uwsgi         --http-socket :9090 --gevent 100 --master --module ugevent

Look on with ``curl -N http://127.0.0.1:9090/``.  Nine seconds after the response a greenlet that the
request left behind raises signal 17.
"""

import os

import gevent
import gevent.socket
import uwsgi
from uwsgidecorators import filemon, signal, timer

# Not the directory of the log: each line the handler prints would call it again.
WATCHED = os.environ.get("UGEVENT_WATCHED", "/tmp")
NAMES = ["www.google.com", "www.example.com", "www.python.org", "projects.unbit.it"]


@signal(17)
def hello(num):
    print(f"i am the handler of signal {num}, in {gevent.getcurrent()!r}", flush=True)


@timer(10)
def ten_seconds(num):
    print(f"10 seconds elapsed, signal {num} in worker {uwsgi.worker_id()}", flush=True)


@filemon(WATCHED)
def tmp_modified(num):
    print(f"{WATCHED} has been modified, signal {num}, in {gevent.getcurrent()!r}", flush=True)
    print(f"worker {uwsgi.worker_id()} noticed", flush=True)


def bg_task():
    for i in range(1, 10):
        print(f"background task {i}", flush=True)
        gevent.sleep(1)
    uwsgi.signal(17)


def long_task():
    for i in range(1, 10):
        print(i, flush=True)
        gevent.sleep()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    gevent.spawn(long_task).join()

    yield b"sleeping for 3 seconds...<br/>\n"
    gevent.sleep(3)
    yield b"done<br/>\n"

    yield b"getting some ips...<br/>\n"
    jobs = [gevent.spawn(gevent.socket.gethostbyname, name) for name in NAMES]
    gevent.joinall(jobs, timeout=2)
    for job in jobs:
        yield f"ip = {job.value}<br/>\n".encode()

    gevent.spawn(bg_task)  # goes on after the end of the request
