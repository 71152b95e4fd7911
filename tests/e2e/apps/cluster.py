"""One of several servers that share through Redis; each says on its log who it is."""

import os
import random
import time

import gevent
import uwsgi
import uwsgidecorators as decorators
from by_path import application_of

NAME = os.environ.get("SERVER", "?")
WORK = os.environ.get("WORK", "")
SLOW = float(os.environ.get("SLOW", "0"))


def said(line):
    print(line, flush=True)


def append(name):
    """One byte; appending one byte is atomic."""
    fd = os.open(os.path.join(WORK, name), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, b"x")
    os.close(fd)


def here(number):
    said(f"signal {number} in {NAME} worker {uwsgi.worker_id()}")


uwsgi.register_signal(1, "", here)
uwsgi.register_signal(2, "workers", here)
uwsgi.register_signal(3, "worker1", here)
uwsgi.register_signal(4, "", lambda number: append("one"))
uwsgi.register_signal(5, "workers", lambda number: append("all"))
uwsgi.register_signal(6, "", lambda number: append("timer"))
uwsgi.register_signal(7, "spooler", lambda number: append("spooler"))
uwsgi.register_signal(8, "mules", lambda number: append("mules"))
uwsgi.register_signal(9, "farm_f", lambda number: append("farm"))
if "TIMER" in os.environ:
    uwsgi.add_ms_timer(6, 400)
if "AT_IMPORT" in os.environ:
    uwsgi.cache_update("imported", NAME)

if "spooler" in uwsgi.opt:

    @decorators.spool
    def task(arguments):
        said(f"task {arguments['name']} begins in {NAME} {os.getpid()}")
        time.sleep(SLOW)
        append("task-" + arguments["name"])

    @decorators.spoolraw
    def twice(arguments):
        append("tries")
        uwsgi.set_spooler_frequency(1)
        return uwsgi.SPOOL_OK if os.path.getsize(os.path.join(WORK, "tries")) == 2 else uwsgi.SPOOL_RETRY


def whole_queue(environ, seed):
    """The answers to 300 calls that depend on nothing but the seed."""
    chance = random.Random(int(seed))
    calls = {
        "push": lambda: uwsgi.queue_push(b"%d" % chance.randrange(1000)),
        "long": lambda: uwsgi.queue_push(b"x" * 8185),
        "pull": uwsgi.queue_pull,
        "pop": uwsgi.queue_pop,
        "last": lambda: uwsgi.queue_last(chance.randrange(7)),
        "get": lambda: uwsgi.queue_get(chance.randrange(-1, 6)),
        "set": lambda: uwsgi.queue_set(chance.randrange(-1, 6), b"set"),
        "slots": lambda: (uwsgi.queue_slot(), uwsgi.queue_pull_slot()),
    }
    names = chance.choices(list(calls), weights=[8, 1, 4, 2, 1, 1, 1, 2], k=300)
    return [(name, calls[name]()) for name in names]


def fill(environ, count):
    for number in range(int(count)):
        uwsgi.queue_push(f"{NAME}{number}".encode())
    return True


def empty(environ):
    found = []
    while (message := uwsgi.queue_pull()) is not None:
        found.append(message.decode())
        gevent.sleep(0)
    return found


def ready(environ):
    return uwsgi.ready()


def who(environ):
    return [uwsgi.worker_id(), os.getpid()]


def signals(environ, number, times):
    for _ in range(int(times)):
        uwsgi.signal(int(number))


def put(environ, key, value, expires="0"):
    return uwsgi.cache_update(key, value, int(expires))


def look(environ, key):
    return uwsgi.cache_get(key)


def whole_cache(environ):
    """Everything that can be done with a cache; the same answers as without --shared."""
    found = [
        uwsgi.cache_set("a", "1"),
        uwsgi.cache_set("a", "2"),
        uwsgi.cache_get("a"),
        uwsgi.cache_exists("a"),
    ]
    found += [uwsgi.cache_update("a", "3"), uwsgi.cache_get("a"), uwsgi.cache_del("a"), uwsgi.cache_del("a")]
    found += [uwsgi.cache_inc("n", 5), uwsgi.cache_dec("n", 7), uwsgi.cache_num("n"), uwsgi.cache_get("n")]
    found += [uwsgi.cache_mul("n", 4), uwsgi.cache_num("n"), uwsgi.cache_div("n", 2), uwsgi.cache_num("n")]
    found += [uwsgi.cache_inc("big", 1 << 62), uwsgi.cache_inc("big", (1 << 62) - 1), uwsgi.cache_num("big")]
    found += [uwsgi.cache_inc("big"), uwsgi.cache_num("big"), uwsgi.cache_update("l", "x" * 5000)]
    found += [
        uwsgi.cache_set("e", ""),
        uwsgi.cache_get("e"),
        uwsgi.cache_num("none"),
        uwsgi.cache_get("none"),
    ]
    found += [sorted(uwsgi.cache_keys()), uwsgi.cache_clear(), uwsgi.cache_keys()]
    return found


def count(environ, times):
    """Greenlets that add to one number while another goes on ticking."""
    ticks = []

    def tick():
        while True:
            ticks.append(1)
            gevent.sleep(0.001)

    ticker = gevent.spawn(tick)
    jobs = [gevent.spawn(uwsgi.cache_inc, "counter") for _ in range(int(times))]
    gevent.joinall(jobs, raise_error=True)
    ticker.kill()
    return len(ticks) > 1


def locked(environ, times):
    """Each turn reads, waits and writes: only a lock keeps it right."""
    path = os.path.join(WORK, "number")
    for _ in range(int(times)):
        uwsgi.lock()
        with open(path) as file:
            number = int(file.read())
        gevent.sleep(0.001)
        with open(path, "w") as file:
            file.write(str(number + 1))
        uwsgi.unlock()
    return "done"


def hold(environ, seconds, how="gently"):
    uwsgi.lock()
    said(f"{NAME} has the lock, fence {uwsgi.lock_fence()} pid {os.getpid()}")
    if how == "busy":
        time.sleep(float(seconds))
    else:
        gevent.sleep(float(seconds))
    uwsgi.unlock()
    said(f"{NAME} gives it back")


def is_locked(environ):
    return uwsgi.is_locked()


def spool(environ, name):
    return task(name=name)


def spool_at(environ, name, priority, seconds):
    return task(name=name, priority=priority, at=str(int(time.time()) + int(seconds)))


def retry(environ):
    return twice(kind="x")


def jobs(environ):
    return [uwsgi.spooler_get_task(name.decode())[b"name"] for name in uwsgi.spooler_jobs()]


application = application_of(globals())
