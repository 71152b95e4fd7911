import socket

from tests.support.addresses import can_connect
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


def test_a_listening_socket_accepts_and_a_closed_one_does_not():
    with listening_socket() as server:
        address = server.getsockname()
        assert can_connect(address)
    assert not can_connect(address)
