"""gevent's own WSGI server: ``python -m benchmarks.http.pywsgi_server MODULE:CALLABLE PORT``."""

import importlib
import socket
import sys

from gevent.pywsgi import WSGIServer


def main() -> None:
    module, _, name = sys.argv[1].partition(":")
    application = getattr(importlib.import_module(module), name)
    server = WSGIServer(("127.0.0.1", int(sys.argv[2])), application, log=None, error_log=sys.stderr)
    server.init_socket()
    # Accepted sockets inherit it.  Without it, head and body of a response leave in two packets and
    # the second waits 40 ms for the client's delayed acknowledgement.
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server.serve_forever()


if __name__ == "__main__":
    main()
