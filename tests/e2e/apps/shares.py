"""Locks, caches, queue, shared areas, metrics and rpc of the ``uwsgi`` module; runs under uWSGI too."""

import os

import gevent
import uwsgi
from uwsgidecorators import lock, rpc


@rpc("hello")
def hello(*names):
    return b"hello " + b", ".join(names)


def worker(environ):
    return uwsgi.worker_id()


def cache(environ):
    key = f"key {os.urandom(8).hex()}"
    return [
        uwsgi.cache_get(key),
        uwsgi.cache_set(key, b"one"),
        uwsgi.cache_set(key, b"two"),
        uwsgi.cache_get(key),
        uwsgi.cache_update(key, "three"),
        uwsgi.cache_get(key),
        uwsgi.cache_exists(key),
        uwsgi.cache_get(key, "second"),
        uwsgi.cache_set(key, b"other", 0, "second"),
        uwsgi.cache_get(key, "second"),
        uwsgi.cache_del(key),
        uwsgi.cache_exists(key),
        uwsgi.cache_del(key),
        uwsgi.cache_num("missing" + key),
    ]


def put(environ):
    return uwsgi.cache_update("from a worker", str(uwsgi.worker_id()))


def get(environ):
    return [uwsgi.worker_id(), uwsgi.cache_get("from a worker")]


def add(environ):
    for _ in range(200):
        uwsgi.cache_inc("sum")
        uwsgi.metric_inc("requests")
        uwsgi.sharedarea_inc64(0, 8)
    return None


def sums(environ):
    return [uwsgi.cache_num("sum"), uwsgi.metric_get("requests"), uwsgi.sharedarea_read64(0, 8)]


def locked(environ):
    """Two greenlets of one request, then all requests, increment a number with a pause in between."""

    def increment():
        uwsgi.lock(1)
        before = uwsgi.sharedarea_read64(0, 0)
        gevent.sleep(0.01)
        uwsgi.sharedarea_write64(0, 0, before + 1)
        uwsgi.unlock(1)

    gevent.joinall([gevent.spawn(increment) for _ in range(2)])
    return uwsgi.sharedarea_read64(0, 0)


def decorated(environ):
    @lock
    def inside(value):
        return [value, uwsgi.is_locked()]

    return [*inside(5), uwsgi.is_locked()]


def hold(environ):
    uwsgi.lock(2)
    print("holding", os.getpid(), flush=True)
    gevent.sleep(60)


def take(environ):
    uwsgi.lock(2)
    uwsgi.unlock(2)
    return "taken"


def queue(environ):
    return [
        uwsgi.queue_push(b"a"),
        uwsgi.queue_push(b"b"),
        uwsgi.queue_push(b"c"),
        uwsgi.queue_last(),
        uwsgi.queue_pull(),
        uwsgi.queue_pop(),
        uwsgi.queue_pull(),
        uwsgi.queue_pull(),
    ]


def area(environ):
    uwsgi.sharedarea_write(1, 100, b"hello")
    uwsgi.sharedarea_write8(1, 200, 7)
    uwsgi.sharedarea_write32(1, 204, 70000)
    uwsgi.sharedarea_inc32(1, 204, 5)
    view = uwsgi.sharedarea_memoryview(1)
    results = [
        uwsgi.sharedarea_read(1, 100, 5),
        uwsgi.sharedarea_read8(1, 200),
        uwsgi.sharedarea_read32(1, 204),
        bytes(view[100:105]),
    ]
    for call in (lambda: uwsgi.sharedarea_read(9, 0, 1), lambda: uwsgi.sharedarea_write(1, 4095, b"xx")):
        try:
            call()
        except ValueError:
            results.append("ValueError")
    return results


def calls(environ):
    results = [uwsgi.rpc("", b"hello", b"you", b"me"), uwsgi.call(b"hello"), uwsgi.call(b"none")]
    results.append(b"hello" in uwsgi.rpc_list())
    for call in (lambda: uwsgi.call("hello"), lambda: uwsgi.lock(99)):
        try:
            call()
        except ValueError as error:
            results.append(str(error))
    return results


def application(environ, start_response):
    result = globals()[environ["PATH_INFO"].strip("/")](environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr(result).encode()]
