import contextlib
import socket

from tests.support.addresses import can_connect, connect, refuses
from tests.support.ports import free_port, listening_socket


def test_ports_differ_and_can_be_bound():
    ports = [free_port() for _ in range(20)]
    assert len(set(ports)) == 20
    for port in ports:
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_a_port_in_use_is_never_returned():
    taken = free_port()
    with socket.create_server(("127.0.0.1", taken)):
        assert taken not in {free_port() for _ in range(5)}


def test_a_listening_socket_accepts_and_a_closed_one_refuses():
    with listening_socket() as server:
        address = server.getsockname()
        assert can_connect(address)
        assert not refuses(address)
    assert not can_connect(address)
    assert refuses(address)


def test_a_unix_socket_that_is_not_there_refuses(tmp_path):
    assert refuses(tmp_path / "no.sock")


def test_a_full_backlog_is_no_refusal():
    with listening_socket(backlog=0) as server, contextlib.ExitStack() as stack:
        address = server.getsockname()
        stack.enter_context(connect(address))
        assert not refuses(address, timeout=0.05)
