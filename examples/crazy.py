"""Sleep in a request, look names up in parallel, and go on working after the response has ended.

    gevent-engine --gevent 100 --http-socket :9090 --chdir examples --module crazy
    curl -N http://127.0.0.1:9090/

``-N`` stops curl from holding lines back.  Nothing here is monkey-patched, because only gevent's
own functions are called.  The same file runs under ``uwsgi --gevent 100``: WSGI bodies are bytes
in Python 3, so every item is encoded.
"""

import gevent
import gevent.socket

HOSTS = ["www.google.com", "www.example.com", "www.python.org", "projects.unbit.it"]


def bg_task():
    for i in range(1, 10):
        print("background task", i, flush=True)
        gevent.sleep(2)


def long_task():
    for i in range(1, 10):
        print(i, flush=True)
        gevent.sleep()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    task = gevent.spawn(long_task)
    task.join()

    yield b"sleeping for 3 seconds...<br/>\n"
    gevent.sleep(3)
    yield b"done<br/>\n"

    yield b"getting some ips...<br/>\n"
    jobs = [gevent.spawn(gevent.socket.gethostbyname, host) for host in HOSTS]
    gevent.joinall(jobs, timeout=2)
    for job in jobs:
        # None where the lookup failed or took longer than the two seconds.
        yield f"ip = {job.value}<br/>\n".encode()

    gevent.spawn(bg_task)  # this one goes on after the response has ended
