"""Answers with the process that serves the request."""

import os

import gevent


def application(environ, start_response):
    gevent.sleep(0.05)  # long enough for the next request to find another worker
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
