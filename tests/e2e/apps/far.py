"""Asks a cache of another server: ``/get`` with the body ``("k",)`` calls ``uwsgi.cache_get("k", CACHE)``."""

import ast
import os

import uwsgi

CACHE = os.environ["CACHE"]  # name@address, or empty for the first cache of this server


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    args = ast.literal_eval(environ["wsgi.input"].read().decode())
    try:
        answer = getattr(uwsgi, "cache_" + environ["PATH_INFO"].strip("/"))(
            *args, *([CACHE] if CACHE else [])
        )
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    return [repr(answer).encode()]
