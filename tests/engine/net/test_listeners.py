"""Listening sockets: opened as asked, with errors that say what to do."""

from __future__ import annotations

import os
import socket
import stat

import pytest

from engine.address import AbstractUnixAddress, InheritedFd, TcpAddress, UnixAddress
from engine.errors import BindError
from engine.net.listeners import bind


@pytest.fixture
def opened():
    listeners = []
    yield listeners.append
    for listener in listeners:
        listener.sock.close()


def test_port_zero_is_told_by_its_name(opened) -> None:
    listener = bind("http", TcpAddress("127.0.0.1", 0), 5)
    opened(listener)
    host, _, port = listener.name.partition(":")
    socket.create_connection((host, int(port))).close()
    assert not listener.sock.getblocking()


def test_an_address_in_use_is_a_clear_error(opened) -> None:
    listener = bind("http", TcpAddress("127.0.0.1", 0), 5)
    opened(listener)
    port = listener.sock.getsockname()[1]
    with pytest.raises(BindError, match="another instance is running on the same address"):
        bind("http", TcpAddress("127.0.0.1", port), 5)


def test_a_unix_socket_gets_its_mode_and_is_removed_on_request(opened, tmp_path) -> None:
    path = tmp_path / "x.sock"
    listener = bind("uwsgi", UnixAddress(str(path)), 5, 0o660)
    opened(listener)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    listener.unlink()
    assert not path.exists()
    listener.unlink()


def test_a_socket_file_nobody_listens_on_is_replaced(opened, tmp_path) -> None:
    path = str(tmp_path / "x.sock")
    first = bind("uwsgi", UnixAddress(path), 5)
    first.sock.close()
    opened(bind("uwsgi", UnixAddress(path), 5))


def test_a_socket_file_in_use_is_left_alone(opened, tmp_path) -> None:
    path = str(tmp_path / "x.sock")
    opened(bind("uwsgi", UnixAddress(path), 5))
    with pytest.raises(BindError):
        bind("uwsgi", UnixAddress(path), 5)


def test_a_file_that_is_no_socket_is_left_alone(tmp_path) -> None:
    path = tmp_path / "x.sock"
    path.write_text("precious")
    with pytest.raises(BindError):
        bind("uwsgi", UnixAddress(str(path)), 5)
    assert path.read_text() == "precious"


def test_an_inherited_descriptor_is_duplicated(opened) -> None:
    with socket.socket() as parent:
        parent.bind(("127.0.0.1", 0))
        listener = bind("http", InheritedFd(parent.fileno()), 5)
        opened(listener)
        assert listener.sock.fileno() != parent.fileno()
        assert listener.sock.getsockname() == parent.getsockname()


def test_an_abstract_name_is_shown_with_its_at_sign(opened) -> None:
    listener = bind("uwsgi", AbstractUnixAddress(f"gevent-bridge-test-{os.getpid()}"), 5)
    opened(listener)
    assert listener.name == f"@gevent-bridge-test-{os.getpid()}"


def test_what_to_do_about_addresses_that_are_not_there(tmp_path) -> None:
    with pytest.raises(BindError, match="Make the directory first"):
        bind("http", UnixAddress(str(tmp_path / "none" / "x.sock")), 5)
    with pytest.raises(BindError, match="--freebind"):
        bind("http", TcpAddress("192.0.2.7", 0), 5)
