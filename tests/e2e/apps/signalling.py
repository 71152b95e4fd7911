"""Registers signals of every kind and says what happens; runs under real uWSGI too.

The first part of the path is what to do.  Handlers say on the log who they are.
"""

import os
import tempfile
import time

import gevent
import uwsgi
from by_path import application_of

WATCHED = os.environ.get("WATCHED", tempfile.gettempdir())
COUNTS = os.environ.get("COUNTS", "")
counted = {}


def said(line):
    print(line, flush=True)


def here(number):
    kind = "Greenlet" if isinstance(gevent.getcurrent(), gevent.Greenlet) else "something else"
    said(f"signal {number} in worker {uwsgi.worker_id()} {kind}")


def slow(number):
    said(f"slow {number} begins in worker {uwsgi.worker_id()}")
    gevent.sleep(0.3)
    said(f"slow {number} ends in worker {uwsgi.worker_id()}")


def broken(number):
    raise LookupError("broken handler")


def no_request(number):
    try:
        uwsgi.connection_fd()
    except SystemError as error:
        said(f"handler: {error}")


def count(number):
    counted[number] = counted.get(number, 0) + 1


def record(number):
    """One byte for each call, from all workers; appending one byte is atomic."""
    fd = os.open(COUNTS, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, b"x")
    os.close(fd)


def register():
    uwsgi.register_signal(1, "", here)
    uwsgi.register_signal(2, "workers", here)
    uwsgi.register_signal(3, "worker1", here)
    uwsgi.register_signal(4, "active-workers", here)
    uwsgi.register_signal(5, "worker9", here)
    uwsgi.register_signal(6, "nobody at all", here)
    uwsgi.register_signal(7, "subscribed", here)
    uwsgi.register_signal(10, "", slow)
    uwsgi.register_signal(11, "", broken)
    uwsgi.register_signal(12, "", no_request)
    uwsgi.register_signal(13, "worker1", count)
    uwsgi.register_signal(14, "", record)
    uwsgi.register_signal(15, "workers", record)
    uwsgi.register_signal(20, "workers", here)
    uwsgi.register_signal(21, "", here)
    uwsgi.register_signal(22, "", here)
    if "TIMERS" in os.environ:
        uwsgi.add_timer(20, 1)
        uwsgi.add_rb_timer(21, 1, 2)
    if "CRON" in os.environ:
        uwsgi.add_cron(22, -1, -1, -1, -1, -1)
    if "WATCHED" in os.environ:
        uwsgi.register_signal(23, "", here)
        uwsgi.add_file_monitor(23, WATCHED)


register()


def send(environ, *numbers):
    for number in numbers:
        uwsgi.signal(int(number))


def flood(environ, number, times):
    for _ in range(int(times)):
        uwsgi.signal(int(number))


def counts(environ):
    return counted


def late(environ):
    uwsgi.register_signal(30, "worker2", here)
    uwsgi.register_signal(31, "workers", here)
    return uwsgi.worker_id()


def late_sources(environ):
    """What raises signals, added after the fork, by every worker that is asked."""
    if uwsgi.signal_registered(40):
        return uwsgi.worker_id()
    for number in range(40, 45):
        uwsgi.register_signal(number, "worker1", here)
    uwsgi.add_timer(40, 1)
    uwsgi.add_ms_timer(41, 100)
    uwsgi.add_rb_timer(42, 1, 2)
    uwsgi.add_cron(43, -1, -1, -1, -1, -1)
    uwsgi.add_file_monitor(44, os.path.join(WATCHED, "late"))
    return uwsgi.worker_id()


def steady(environ, number, seconds):
    """About 10,000 signals a second, in the background."""

    def send():
        began = time.monotonic()
        sent = 0
        while time.monotonic() < began + float(seconds):
            for _ in range(100):
                uwsgi.signal(int(number))
            sent += 100
            gevent.sleep(max(0, began + sent / 10_000 - time.monotonic()))
        said(f"sent {sent} of {number}")

    gevent.spawn(send).join()
    return "done"


def ready(environ):
    return uwsgi.ready()


def questions(environ):
    refused = []
    for call in (
        lambda: uwsgi.signal(256),
        lambda: uwsgi.signal(-1),
        lambda: uwsgi.register_signal(300, "", here),
        lambda: uwsgi.register_signal(90, "x" * 64, here),
        lambda: uwsgi.add_file_monitor(90, "/" + "x" * 254),
    ):
        try:
            call()
        except (ValueError, OverflowError) as error:
            refused.append(type(error).__name__)
    return [uwsgi.signal_registered(1), uwsgi.signal_registered(99), uwsgi.signal_received(), refused]


def wait(environ, number="-1"):
    ticks = []

    def tick():
        while True:
            ticks.append(1)
            gevent.sleep(0.01)

    ticker = gevent.spawn(tick)
    said("waiting")
    if number == "-1":
        uwsgi.signal_wait()
    else:
        uwsgi.signal_wait(int(number))
    ticker.kill()
    return [uwsgi.signal_received(), len(ticks) > 1]


def statuses(environ):
    return [each["status"] for each in uwsgi.workers()]


def worker(environ):
    return uwsgi.worker_id()


application = application_of(globals())
