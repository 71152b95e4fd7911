"""gevent's own WSGI server: ``python -m benchmarks.http.pywsgi_server MODULE:CALLABLE PORT``."""

import argparse
import importlib
import socket
import sys


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app", metavar="MODULE:CALLABLE")
    parser.add_argument("port", type=int)
    parser.add_argument("--backlog", type=int, default=1024)
    parser.add_argument("--log", action="store_true", help="write an access log")
    parser.add_argument("--patch", action="store_true", help="patch before the application is imported")
    options = parser.parse_args()
    if options.patch:
        from gevent import monkey

        monkey.patch_all()
    from gevent.pywsgi import WSGIServer

    module, _, name = options.app.partition(":")
    application = getattr(importlib.import_module(module), name)
    log = sys.stdout if options.log else None
    address = ("127.0.0.1", options.port)
    server = WSGIServer(address, application, backlog=options.backlog, log=log, error_log=sys.stderr)
    server.init_socket()
    # Accepted sockets inherit it.  Without it, head and body of a response leave in two packets and
    # the second waits 40 ms for the client's delayed acknowledgement.
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server.serve_forever()


if __name__ == "__main__":
    main()
