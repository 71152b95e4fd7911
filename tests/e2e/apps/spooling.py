"""A task spooled two greenlets below a request that yields 100 items: uWSGI's tests/gevent_spool.py."""

import gevent
from uwsgidecorators import spool


@spool
def longtask(arguments):
    print(f"long task {sorted((key, arguments[key]) for key in ('foo', 'test1'))}", flush=True)


def level2():
    longtask.spool(foo="bar", test1="test2")


def level1():
    gevent.spawn(level2)


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    gevent.spawn(level1)
    for number in range(100):
        yield b"counter: %d\n" % number
