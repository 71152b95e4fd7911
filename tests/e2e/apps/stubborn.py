"""Requests that do not end: politely, against their will, or with the whole loop.

``/ok``, ``/wait/S`` (notes in /notes what became of it), ``/swallow``, ``/late/S`` (head first),
``/spin/S`` and ``/native/S`` (the loop stands still, in Python and in C), ``/own/S``, ``/grow/MB``.
"""

import os
import time

import gevent

import engine.errors

notes = []
fat = []
real_sleep = time.sleep


def application(environ, start_response):
    _, name, *rest = environ["PATH_INFO"].split("/")
    if name == "late":
        write = start_response("200 OK", [])
        write(b"begun ")
        gevent.sleep(float(rest[0]))
        return [b"done"]
    body = b"ok"
    if name == "wait":
        try:
            gevent.sleep(float(rest[0]))
        except Exception:
            notes.append("swallowed by except Exception")
        except engine.errors.HarakiriError as exc:
            notes.append(f"HarakiriError: {exc}")
            raise
        finally:
            notes.append("finally")
    elif name == "swallow":
        while True:
            try:
                gevent.sleep(100)
            except BaseException as exc:
                notes.append(type(exc).__name__)
    elif name == "spin":
        until = time.monotonic() + float(rest[0])
        while time.monotonic() < until:
            pass
    elif name == "native":
        real_sleep(float(rest[0]))
    elif name == "own":
        import uwsgi

        uwsgi.set_user_harakiri(1)
        gevent.sleep(float(rest[0]))
    elif name == "grow":
        fat.append(bytearray(os.urandom(1024) * 1024 * int(rest[0])))
    elif name == "notes":
        body = "\n".join(notes).encode()
    elif name == "pid":
        body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
