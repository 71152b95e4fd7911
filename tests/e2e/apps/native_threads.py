"""Two native threads started at import, beside the hub; a greenlet that outlives its request.

The scenario of uWSGI's tests/testgevent.py, in bytes and with shorter pauses.
"""

import os
import threading
import time

import gevent
import uwsgi


class Talker(threading.Thread):
    def __init__(self, name):
        super().__init__(daemon=True)
        self.words = name

    def run(self):
        while True:
            time.sleep(0.2)
            print(f"{self.words} in process {os.getpid()} worker {uwsgi.worker_id()}", flush=True)


Talker("i am thread1").start()
Talker("i am thread2").start()


def later():
    gevent.sleep(1)
    print(f"i am a greenlet of worker {uwsgi.worker_id()}", flush=True)


def application(environ, start_response):
    gevent.sleep(0.05)
    start_response("200 OK", [("Content-Type", "text/html")])
    gevent.spawn(later)
    return [b"<h1>Hello World</h1>"]
