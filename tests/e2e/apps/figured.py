"""Does what the statistics count: caches, spooled tasks, failures; ``/workers`` shows ``uwsgi.workers()``."""

import uwsgi


def spooled(task):
    return uwsgi.SPOOL_OK


uwsgi.spooler = spooled


def application(environ, start_response):
    what = environ["PATH_INFO"].rpartition("/")[2]
    if what == "fail":
        raise RuntimeError("as asked")
    body = b"ok\n"
    if what == "cache":
        uwsgi.cache_update("key", b"value", 0, "first")
        uwsgi.cache_get("key", "first")
        uwsgi.cache_get("other", "first")
    elif what == "spool":
        uwsgi.spool({b"what": b"nothing"})
    elif what == "workers":
        body = repr(uwsgi.workers()).encode()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]
