"""An application inside the standard library's checker of the WSGI rules."""

from wsgiref.validate import validator


def _inside(environ, start_response):
    path = environ["PATH_INFO"]
    body = b""
    if environ["REQUEST_METHOD"] == "POST":
        length = int(environ.get("CONTENT_LENGTH") or 0)
        stream = environ["wsgi.input"]
        body = stream.readline(4) + stream.read(length) if length else b"".join(stream)
    if path == "/nothing":
        start_response("204 No Content", [])
        return []
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/write":
        write(b"written ")
    environ["wsgi.errors"].write("checked\n")
    environ["wsgi.errors"].flush()
    return iter([b"valid ", body])


application = validator(_inside)
