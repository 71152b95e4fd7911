"""Replies that ask for compression, in all the ways a body can be sent."""

import os

TEXT = b"hello wide world " * 100


def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/")
    headers = [("Content-Type", "text/plain")]
    if name != "plain":
        headers.append(("uWSGI-Encoding", "gzip"))
    if name == "length":
        headers.append(("Content-Length", str(len(TEXT))))
    if name == "encoded":
        headers.insert(0, ("Content-Encoding", "identity"))
    if name == "late":
        return late(start_response, headers)
    if name == "broken":
        return broken(start_response, headers)
    write = start_response("304 Not Modified" if name == "304" else "200 OK", headers)
    if name == "write":
        write(TEXT[:5])
        return [TEXT[5:]]
    if name == "file":
        return environ["wsgi.file_wrapper"](open(os.environ["SENT_FILE"], "rb"))
    if name == "sendfile":
        import uwsgi

        uwsgi.sendfile(os.environ["SENT_FILE"])
        return []
    if name == "items":
        return (TEXT[place : place + 100] for place in range(0, len(TEXT), 100))
    return [] if name in ("empty", "304") else [TEXT[:7], TEXT[7:]]


def late(start_response, headers):
    start_response("200 OK", headers)
    yield TEXT


def broken(start_response, headers):
    start_response("200 OK", headers)
    yield TEXT
    raise ValueError("broken off")


async def tasks(scope, receive, send):
    name = scope["path"].strip("/")
    headers = [(b"content-type", b"text/plain")]
    if name != "plain":
        headers.append((b"uwsgi-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if name == "file":
        await send({"type": "http.response.pathsend", "path": os.environ["SENT_FILE"]})
        return
    if name != "whole":
        await send({"type": "http.response.body", "body": TEXT[:7], "more_body": True})
    await send({"type": "http.response.body", "body": TEXT if name == "whole" else TEXT[7:]})
