"""Many clients that send little or nothing (slowloris): they are closed in time, and others are served."""

import ssl
import statistics
import time
from contextlib import ExitStack

import pytest

from tests.support.certificates import Authority, TlsConnection
from tests.support.http_client import HttpConnection
from tests.support.ports import free_port
from tests.support.responses import BadResponseError

pytestmark = pytest.mark.engine_only("uWSGI has other limits")

EACH = 20  # clients of a kind
TIMEOUT = 1.2  # seconds, for heads, bodies and idle connections
PACE = 0.05  # seconds between the bytes of one that drips
LIMIT = 30.0  # seconds until the last of them is gone; a body's second period and the farewell count, too

HEAD = b"GET /hello HTTP/1.1\r\nHost: a\r\nX: "
BODY = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\nx"
CHUNKS = b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;"
HELLO = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

# name: what is sent at once, what is sent byte by byte, statuses of the replies
KINDS = {
    "silent": (b"", b"", []),
    "half a head": (HEAD, b"", [408]),
    "a dripping head": (HEAD, b"y", [408]),
    "half a body": (BODY, b"", [408]),
    "a dripping body": (BODY, b"y", [408]),
    "a dripping extension": (CHUNKS, b"y", [408]),
    "idle": (HELLO, b"", [200]),
    "half a head later": (HELLO + HEAD, b"", [200, 408]),
}


class SlowClient:
    """A client of one kind; never waits."""

    def __init__(self, connection, kind):
        self._sock = connection.sock
        at_once, self._drop, self.statuses = KINDS[kind]
        self._due = 0.0
        self._said = b""
        self._sock.sendall(at_once)
        self._sock.settimeout(0)

    def is_closed(self):
        """Send the next byte, read what is there; true at the end."""
        try:
            if self._drop and self._due <= time.monotonic():
                self._due = time.monotonic() + PACE
                self._sock.send(self._drop)
            while data := self._sock.recv(65536):
                self._said += data
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            pass  # reset: bytes were on their way when it closed
        return True

    def heard(self):
        """Statuses of the replies."""
        return [int(reply[1:4]) for reply in self._said.split(b"HTTP/1.1")[1:]]


class GoodClient:
    """Asks for one page after the other; connects again if it was idle for too long, having no CPU.

    :param connect: opens a connection
    """

    def __init__(self, connect, stack):
        self._open = lambda: stack.enter_context(connect())
        self._connection = self._open()
        self._last = time.monotonic()

    def get(self):
        """Return how long a page took, in seconds."""
        began = time.monotonic()
        try:
            page = self._connection.get("/hello")
        except (BadResponseError, OSError):
            assert began - self._last > TIMEOUT / 2, "closed though it was not idle"
            self._connection = self._open()
            self._last = time.monotonic()
            return self.get()
        assert page.body == b"hello"
        self._last = time.monotonic()
        return self._last - began


def outlast(slow, good):
    """Ask for pages until all of *slow* are closed; return the usual time of a page, in seconds."""
    times = []
    until = time.monotonic() + LIMIT
    while slow and time.monotonic() < until:
        times.append(good.get())
        slow = [client for client in slow if not client.is_closed()]
    assert not slow, f"{len(slow)} clients were not closed in {LIMIT:g} s"
    return statistics.median(times)


@pytest.fixture
def start(start_engine, tmp_path):
    """Start a server with short timeouts; what it returns opens connections."""

    def run(loop, tls, cores):
        port = free_port()
        where = ["--http-socket", f"127.0.0.1:{port}"]
        if tls:
            authority = Authority(tmp_path)
            cert, key = authority.server("localhost")
            where = ["--https-socket", f"127.0.0.1:{port},{cert},{key}"]
        timeouts = [f"--http-headers-timeout={TIMEOUT}", f"--socket-timeout={TIMEOUT}"]
        engine = start_engine(
            *(*where, "--module", "routes", "--gevent", str(cores), "--loop-backend", loop),
            *(*timeouts, f"--http-keepalive={TIMEOUT}"),
            addresses=[("127.0.0.1", port)],
        )
        if tls:
            return lambda: TlsConnection(engine.http, authority.client_context())
        return lambda: HttpConnection(engine.http)

    return run


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_slow_clients_are_closed_and_others_served(start, loop, tls):
    connect = start(loop, tls, cores=3 * EACH + 1)
    with ExitStack() as stack:
        clients = [SlowClient(stack.enter_context(connect()), kind) for kind in KINDS for _ in range(EACH)]
        usual = outlast(clients, GoodClient(connect, stack))
        assert usual < TIMEOUT / 2, "a page waited until slow clients were closed"
        for client in clients:
            # A reset may overtake the last reply to one that goes on sending.
            assert client.heard() in (client.statuses, client.statuses[:-1])


def test_cores_that_wait_for_slow_bodies_are_free_after_the_timeout(start):
    connect = start("uvloop", tls=False, cores=EACH)
    with ExitStack() as stack:
        clients = [SlowClient(stack.enter_context(connect()), "a dripping body") for _ in range(2 * EACH)]
        good = GoodClient(connect, stack)
        outlast(clients, good)
        good.get()
