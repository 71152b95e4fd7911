"""The smallest application: one line of text.

gevent-engine --gevent 100 --http-socket :8000 --wsgi-file examples/hello.py
"""

BODY = b"Hello, world!\n"
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))]


def application(environ, start_response):
    start_response("200 OK", HEADERS)
    return [BODY]
