"""Answers remote calls and signals, and makes them itself; the address of the uwsgi socket is in NODE."""

import os

import gevent
import uwsgi
from uwsgidecorators import rpc, signal

NODE = os.environ["NODE"]


@rpc("hello")
def hello(*names):
    gevent.sleep(0.01)
    return b"hello " + b", ".join(names)


@rpc("large")
def large(size):
    return b"x" * int(size)


@signal(17)
def handler(number):
    print(f"signal {number} in worker {uwsgi.worker_id()}", flush=True)


def ask(environ):
    return [uwsgi.rpc(NODE, b"hello", b"you"), uwsgi.rpc(NODE.encode(), b"hello"), uwsgi.rpc(NODE, b"none")]


def ask_much(environ):
    return [len(uwsgi.rpc(NODE, b"large", b"%d" % size)) for size in (1, 65535, 65536, 1_000_000)]


def ask_together(environ):
    """One worker calls itself from 20 greenlets at once."""
    jobs = [gevent.spawn(uwsgi.rpc, NODE, b"hello", b"%d" % n) for n in range(20)]
    gevent.joinall(jobs, raise_error=True)
    return sorted(job.value for job in jobs) == sorted(b"hello %d" % n for n in range(20))


def raise_signal(environ):
    return uwsgi.signal(17, NODE)


def application(environ, start_response):
    result = globals()[environ["PATH_INFO"].strip("/")](environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr(result).encode()]
