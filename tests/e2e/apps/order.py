"""Every request sleeps a second and answers with the order in which requests were started."""

import gevent

started = []


def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/")
    if name.startswith("sleep-"):
        started.append(name.removeprefix("sleep-"))
        gevent.sleep(1)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [" ".join(started).encode()]
