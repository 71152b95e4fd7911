"""What other services answer.

``/meet/NAME/N`` answers once N have come, ``/echo/TEXT`` at once, ``/never`` not at all, and ``/waiting``
says how many wait for that.
"""

from collections import defaultdict

import gevent
from gevent.event import Event


class Meeting:
    def __init__(self):
        self.come = 0
        self.all_here = Event()


meetings = defaultdict(Meeting)
waiting = []


def application(environ, start_response):
    kind, *rest = environ["PATH_INFO"].strip("/").split("/")
    if kind == "meet":
        meeting = meetings[rest[0]]
        meeting.come += 1
        if meeting.come >= int(rest[1]):
            meeting.all_here.set()
        if not meeting.all_here.wait(20):
            start_response("503 Service Unavailable", [])
            return [b"%d came" % meeting.come]
    elif kind == "never":
        waiting.append(rest)
        try:
            gevent.sleep(60)
        finally:
            waiting.remove(rest)
    elif kind == "waiting":
        start_response("200 OK", [])
        return [b"%d" % len(waiting)]
    start_response("200 OK", [("Content-Type", "text/plain")])
    body = environ["wsgi.input"].read()
    return [body or environ["PATH_INFO"].encode()]
