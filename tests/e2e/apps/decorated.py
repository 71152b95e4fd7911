"""The decorators that need no process of their own; runs under uWSGI too."""

import time

import gevent
import uwsgi
import uwsgidecorators as decorators


def said(line):
    print(line, flush=True)


@decorators.postfork
def everywhere():
    said(f"everywhere {uwsgi.worker_id()}")


@decorators.postfork(2)
def only_in_two():
    said(f"only in two {uwsgi.worker_id()}")


@decorators.signal(40)
def forty(num):
    said(f"forty {num}")


@decorators.cron(-1, -1, -1, -1, -1)
def every_minute(num):
    said("every minute")


@decorators.rbtimer(3600)
def rarely(num):
    said("rarely")


@decorators.thread
def in_thread(value):
    time.sleep(0.05)
    said(f"in thread {value}")


@decorators.harakiri(1)
def too_slow():
    gevent.sleep(30)


def free(environ):
    return decorators.get_free_signal()


def names(environ):
    return [forty.__name__, uwsgi.signal_registered(40), everywhere.__class__.__name__]


def thread(environ):
    return in_thread(5).__name__


def slow(environ):
    return too_slow()


def hook(environ):
    return uwsgi.post_fork_hook.__name__


def application(environ, start_response):
    result = globals()[environ["PATH_INFO"].strip("/")](environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr(result).encode()]
