"""Metrics by request: ``/inc/orders/5`` calls ``uwsgi.metric_inc("orders", 5)``, shows answer and value."""

import uwsgi


def application(environ, start_response):
    how, *words = environ["PATH_INFO"].strip("/").split("/")
    start_response("200 OK", [("Content-Type", "text/plain")])
    if how == "fail":
        raise RuntimeError("as asked")
    if not words:
        return [b"hello\n"]
    name, numbers = words[0], [int(word) for word in words[1:]]
    answer = None if how == "get" else getattr(uwsgi, f"metric_{how}")(name, *numbers)
    return [f"{answer!r} {uwsgi.metric_get(name)}".encode()]
