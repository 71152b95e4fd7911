"""An application that calls the function of a module which the path names, and shows what it returns."""

from __future__ import annotations


def application_of(functions):
    """Return a WSGI application; *functions* are the globals of a module."""

    def application(environ, start_response):
        name, *rest = environ["PATH_INFO"].strip("/").split("/")
        result = functions[name](environ, *rest)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [repr(result).encode()]

    return application
