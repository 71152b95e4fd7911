"""Tasks for the spooler and messages for mules, through uwsgidecorators; runs under uWSGI too."""

import os
import time

import gevent
import uwsgi
import uwsgidecorators as decorators
from by_path import application_of

SLOW = float(os.environ.get("SLOW", "0"))


def said(line):
    print(line, flush=True)


def who():
    if uwsgi.mule_id():
        return f"mule {uwsgi.mule_id()}"
    return "spooler" if uwsgi.i_am_the_spooler() else f"worker {uwsgi.worker_id()}"


if "spooler" in uwsgi.opt:

    @decorators.spool
    def longtask(task):
        said(f"task {task['name']} begins in {who()} {os.getpid()}")
        time.sleep(SLOW)
        said(f"task {task['name']} ends {task.get('body', b'')!r}")

    @decorators.spool(pass_arguments=True)
    def with_arguments(*args, **kwargs):
        said(f"arguments {args} {kwargs} in {who()}")

    tries = []

    @decorators.spoolraw
    def twice(task):
        tries.append(1)
        said(f"try {len(tries)}")
        uwsgi.set_spooler_frequency(1)
        return uwsgi.SPOOL_OK if len(tries) == 2 else uwsgi.SPOOL_RETRY

    @decorators.spool
    def fails(task):
        said("this task fails")
        raise LookupError("a task")


if "mule" in uwsgi.opt or "mules" in uwsgi.opt:

    @decorators.mulefunc
    def anywhere(value, more=None):
        said(f"anywhere {value} {more} in {who()}")

    @decorators.mulefunc(2)
    def second(value):
        said(f"second {value} in {who()}")

    @decorators.signal(17, target="mules")
    def on_signal(num):
        said(f"signal {num} in {who()}")

    @decorators.signal(18, target="mule1")
    def on_one(num):
        said(f"signal {num} in {who()}")


@decorators.postfork
def after_fork():
    said(f"post fork in {who()}")


def spool(environ, name):
    """Two greenlets below the request."""
    deep = gevent.spawn(lambda: gevent.spawn(longtask.spool, name=name, body=b"big").get())
    return os.path.basename(deep.get()).startswith(b"uwsgi_spoolfile_on_")


def arguments(environ):
    with_arguments(1, "two", three=3)


def retry(environ):
    twice(kind="x")


def fail(environ):
    fails(kind="x")


def jobs(environ):
    paths = uwsgi.spooler_jobs()
    return [len(paths), [uwsgi.spooler_get_task(path)[b"name"] for path in paths]]


def bad(environ):
    try:
        uwsgi.spool({"name": "text"})
    except ValueError as error:
        return str(error)


def mules(environ):
    anywhere(1, more=2)
    second("x")


def errors(environ):
    found = []
    for target in ("text", 99, b"none"):
        try:
            uwsgi.mule_msg(b"x", target)
        except ValueError as error:
            found.append(str(error))
    try:
        uwsgi.mule_get_msg()
    except ValueError:
        found.append("only in a mule")
    return found


def send(environ, number):
    uwsgi.signal(int(number))


def pids(environ):
    return [uwsgi.spooler_pids(), uwsgi.spooler_pid()]


def worker(environ):
    return uwsgi.worker_id()


application = application_of(globals())
