"""Bodies of any size without memory: what is sent and received is computed, and checked, block by block."""

import hashlib
import os

import gevent
from gevent.event import Event

BLOCK = 65536
gates = {}
ended = []


def block(number):
    """Block *number* of the test body; no two are alike."""
    return hashlib.sha256(b"%d" % number).digest() * (BLOCK // 32)


def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Peak:
    """The most memory this process used above what it used at first, looked at every few blocks."""

    def __init__(self):
        self.first = self.most = rss()

    def look(self):
        self.most = max(self.most, rss())

    def __str__(self):
        return str(self.most - self.first)


peaks = {}


def upload(environ, start_response, megabytes):
    stream, peak = environ["wsgi.input"], Peak()
    good, rest, number = True, b"", 0
    while data := stream.read(BLOCK):
        rest += data
        while len(rest) >= BLOCK:
            good = good and rest[:BLOCK] == block(number)
            rest = rest[BLOCK:]
            number += 1
            if number % 64 == 0:
                peak.look()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{good} {number} {peak}".encode()]


def download(environ, start_response, megabytes):
    peak = peaks["download"] = Peak()
    start_response("200 OK", [("Content-Length", str(int(megabytes) << 20))])
    for number in range(int(megabytes) << 4):
        if number % 64 == 0:
            peak.look()
        yield block(number)


def peak(environ, start_response, name):
    start_response("200 OK", [])
    return [str(peaks.get(name)).encode()]


def endless(environ, start_response, rest):
    """Write until it fails; note how."""
    try:
        write = start_response("200 OK", [])
        while True:
            write(b"x" * 1000)
            gevent.sleep(0.01)
    except BaseException as error:
        ended.append(f"endless {type(error).__name__}")
        raise


def wait(environ, start_response, name):
    """Wait at a gate, writing and reading nothing."""
    try:
        gates.setdefault(name, Event()).wait(30)
        ended.append("wait opened")
    except Exception as error:
        ended.append(f"wait caught {type(error).__name__}")
    finally:
        ended.append("wait finally")
    start_response("200 OK", [])
    return [b"waited"]


class Items:
    def __init__(self, name):
        self.name = name

    def __iter__(self):
        yield b"first"
        gates.setdefault(self.name, Event()).wait(30)
        yield b"second"

    def close(self):
        ended.append(f"closed {self.name}")


def items(environ, start_response, name):
    start_response("200 OK", [])
    return Items(name)


def open_gate(environ, start_response, name):
    gates.setdefault(name, Event()).set()
    start_response("200 OK", [])
    return [b"open"]


def show_ended(environ, start_response, rest):
    start_response("200 OK", [])
    return ["\n".join(ended).encode()]


ROUTES = {
    "upload": upload,
    "download": download,
    "peak": peak,
    "endless": endless,
    "wait": wait,
    "items": items,
    "open": open_gate,
    "ended": show_ended,
}


def application(environ, start_response):
    _, name, rest = f"{environ['PATH_INFO']}/".split("/", 2)
    return ROUTES[name](environ, start_response, rest.rstrip("/"))
