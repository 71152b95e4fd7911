"""What must work in asyncio under patching; imported after the patching, each check run by ``matrix.py``."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import gevent
import gevent.subprocess
from gevent.monkey import get_original

import bridge

native_ident = get_original("_thread", "get_ident")
native_lock = get_original("_thread", "allocate_lock")
start_native_thread = get_original("_thread", "start_new_thread")

HERE = native_ident()
variable: ContextVar[str] = ContextVar("variable", default="unset")
ECHO = (sys.executable, "-S", "-c", "import sys; sys.stdout.write(sys.stdin.read().upper())")


async def to_thread_runs_in_a_native_thread() -> None:
    gate = native_lock()
    gate.acquire()
    waiting = asyncio.create_task(asyncio.to_thread(gate.acquire, True, 8))  # blocks in C
    assert await asyncio.to_thread(native_ident) != HERE
    gate.release()
    assert await waiting
    variable.set("set")
    assert await asyncio.to_thread(variable.get) == "set"


async def worker_thread_may_use_patched_blocking_calls() -> None:
    def work(i: int) -> tuple[int, int]:
        time.sleep(0.001)
        spawned = gevent.spawn(lambda: i * 2)
        return spawned.get(timeout=5), native_ident()

    results = await asyncio.gather(*(asyncio.to_thread(work, i) for i in range(5)))
    assert [r[0] for r in results] == [0, 2, 4, 6, 8]
    assert HERE not in {r[1] for r in results}


async def run_in_executor_reports_results_and_errors() -> None:
    loop = asyncio.get_running_loop()
    assert await loop.run_in_executor(None, pow, 2, 5) == 32
    try:
        await loop.run_in_executor(None, int, "x")
    except ValueError:
        pass
    else:
        raise AssertionError("no ValueError")


async def program_own_executor_works() -> None:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(2) as pool:
        assert await asyncio.gather(*(loop.run_in_executor(pool, pow, 2, n) for n in range(4))) == [
            1,
            2,
            4,
            8,
        ]


async def getaddrinfo_and_getnameinfo() -> None:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)
    assert {entry[4][1] for entry in found} == {80}
    name, port = await loop.getnameinfo(("127.0.0.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)
    assert (name, port) == ("127.0.0.1", "80")


async def call_soon_threadsafe_from_a_native_thread() -> None:
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    start_native_thread(loop.call_soon_threadsafe, (came.set,))
    await came.wait()


async def gevent_threadpool() -> None:
    ident = await bridge.spawn(lambda: gevent.get_hub().threadpool.apply(native_ident))
    assert ident != HERE


async def create_subprocess_exec() -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*ECHO, stdin=pipe, stdout=pipe)
    out, _ = await process.communicate(b"abc" * 50_000)
    assert out == b"ABC" * 50_000
    assert process.returncode == 0


async def create_subprocess_shell() -> None:
    process = await asyncio.create_subprocess_shell("exit 3")
    assert await process.wait() == 3
    process = await asyncio.create_subprocess_shell("exec sleep 30")
    process.kill()
    assert await process.wait() == -signal.SIGKILL


async def streams_client_and_server() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(-1))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("localhost", port, family=socket.AF_INET)
        payload = b"x" * 1_000_000
        writer.write(payload)
        writer.write_eof()
        assert await reader.read(-1) == payload
        writer.close()
        await writer.wait_closed()


async def asyncio_server_and_greenlet_client() -> None:
    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(hello, "127.0.0.1", 0)

    def client() -> bytes:
        address = server.sockets[0].getsockname()
        with socket.create_connection(address) as sock, sock.makefile("rb") as reading:
            return reading.read()

    async with server:
        assert await asyncio.gather(*(bridge.spawn(client) for _ in range(5))) == [b"hello"] * 5


async def server_on_a_listener_of_gevent() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    accepted = asyncio.get_running_loop().create_future()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(await reader.read(-1))
        writer.close()

    async with await asyncio.start_server(connected, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"data")
        writer.close()
        assert await accepted == b"data"


async def datagrams() -> None:
    loop = asyncio.get_running_loop()
    got = loop.create_future()

    class Receiver(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            got.done() or got.set_result(data)

    receiver, _ = await loop.create_datagram_endpoint(Receiver, ("127.0.0.1", 0))
    address = receiver.get_extra_info("sockname")
    sender, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=address)
    sender.sendto(b"ping")
    assert await got == b"ping"
    sender.close()
    receiver.close()


async def pipes() -> None:
    loop = asyncio.get_running_loop()
    read_fd, write_fd = os.pipe()
    reader = asyncio.StreamReader()
    reading, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_fd, "rb", 0)
    )
    writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(write_fd, "wb", 0))
    writing.write(b"through")
    writing.close()
    assert await reader.read(-1) == b"through"
    reading.close()


async def sock_calls_on_gevent_sockets() -> None:
    loop = asyncio.get_running_loop()
    left, right = socket.socketpair()
    with left, right:
        left.setblocking(False)
        right.setblocking(False)
        receiving = asyncio.create_task(loop.sock_recv(left, 100))
        await asyncio.sleep(0)
        await loop.sock_sendall(right, b"over")
        assert await receiving == b"over"


async def run_coroutine_threadsafe_from_a_greenlet() -> None:
    loop = asyncio.get_running_loop()

    async def answer() -> int:
        await asyncio.sleep(0.001)
        return 42

    def ask() -> int:
        return asyncio.run_coroutine_threadsafe(answer(), loop).result(5)

    assert await bridge.spawn(ask) == 42
    assert await asyncio.to_thread(ask) == 42


async def add_signal_handler() -> None:
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, came.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await came.wait()
    assert loop.remove_signal_handler(signal.SIGUSR1)


async def call_soon_from_a_greenlet_in_debug_mode() -> None:
    loop = asyncio.get_running_loop()
    came = asyncio.Event()
    loop.set_debug(True)
    try:
        await bridge.spawn(loop.call_soon, came.set)
        await came.wait()
    finally:
        loop.set_debug(False)


async def gevent_subprocess_beside_asyncio_subprocess() -> None:
    async def ours() -> bytes:
        process = await asyncio.create_subprocess_exec(*ECHO, stdin=-1, stdout=-1)
        return (await process.communicate(b"a"))[0]

    def gevents() -> bytes:
        return gevent.subprocess.run(ECHO, input=b"b", stdout=-1, check=True, timeout=8).stdout

    results = await asyncio.gather(ours(), bridge.spawn(gevents), ours(), bridge.spawn(gevents))
    assert results == [b"A", b"B", b"A", b"B"]


async def patched_threading_thread_beside() -> None:
    def work(out: list[int]) -> None:
        time.sleep(0.001)
        out.append(native_ident())

    def start_and_join() -> list[int]:
        out: list[int] = []
        threads = [threading.Thread(target=work, args=(out,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        return out

    assert await bridge.spawn(start_and_join) == [HERE] * 3


async def gevent_timeout_in_a_greenlet() -> None:
    def work() -> str:
        try:
            with gevent.Timeout(0.005):
                time.sleep(30)
        except gevent.Timeout:
            return "timed out"
        return "slept"

    assert await bridge.spawn(work) == "timed out"


async def shutdown_default_executor_ends_worker_hubs() -> None:
    """The last check of a loop: nothing can be submitted afterwards."""
    loop = asyncio.get_running_loop()

    def use_gevent() -> gevent.hub.Hub:
        time.sleep(0)
        return gevent.get_hub()

    hub = await asyncio.to_thread(use_gevent)
    assert hub is not gevent.get_hub()
    used = hub.loop
    assert used.ptr is not None
    await loop.shutdown_default_executor()
    assert used.ptr is None, "the loop of the worker's hub was not destroyed"
    try:
        await asyncio.to_thread(int)
    except RuntimeError:
        pass
    else:
        raise AssertionError("submitted after the end")


CHECKS = [
    to_thread_runs_in_a_native_thread,
    worker_thread_may_use_patched_blocking_calls,
    run_in_executor_reports_results_and_errors,
    program_own_executor_works,
    getaddrinfo_and_getnameinfo,
    call_soon_threadsafe_from_a_native_thread,
    gevent_threadpool,
    create_subprocess_exec,
    create_subprocess_shell,
    streams_client_and_server,
    asyncio_server_and_greenlet_client,
    server_on_a_listener_of_gevent,
    datagrams,
    pipes,
    sock_calls_on_gevent_sockets,
    run_coroutine_threadsafe_from_a_greenlet,
    add_signal_handler,
    call_soon_from_a_greenlet_in_debug_mode,
    gevent_subprocess_beside_asyncio_subprocess,
    patched_threading_thread_beside,
    gevent_timeout_in_a_greenlet,
    shutdown_default_executor_ends_worker_hubs,
]
