"""Greenlets that outlive their request, and handlers for the end of a process, noted in a file."""

import atexit
import os
from pathlib import Path

import gevent

NOTES = Path(os.environ["NOTES"])


def note(text):
    with NOTES.open("a") as file:
        file.write(text + "\n")


atexit.register(note, "atexit")


def background(seconds):
    try:
        gevent.sleep(seconds)
        note("background done")
    except gevent.GreenletExit:
        note("GreenletExit")
    finally:
        gevent.sleep(0)  # may still wait a little
        note("finally")


def application(environ, start_response):
    seconds = environ["PATH_INFO"].removeprefix("/background/")
    if seconds != environ["PATH_INFO"]:
        gevent.spawn(background, float(seconds))
    start_response("200 OK", [])
    return [b"ok"]
