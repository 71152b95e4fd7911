"""Says whether gevent's patches were in when this module was loaded, and whether they are now."""

from gevent import monkey

at_import = monkey.is_module_patched("socket")


def application(environ, start_response):
    now = monkey.is_module_patched("socket")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"import={at_import} request={now}".encode()]


def other(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the other callable"]
