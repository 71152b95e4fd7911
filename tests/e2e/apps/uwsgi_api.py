"""Calls functions of the ``uwsgi`` module and shows what they give; runs under real uWSGI too."""

import gevent
import uwsgi

AT_IMPORT = (uwsgi.worker_id(), uwsgi.masterpid())
calls = []


def said(line):
    print(line, flush=True)


def at_exit():
    gevent.sleep(0.01)
    said(f"uwsgi.atexit in worker {uwsgi.worker_id()} {len(calls)}")


def post_fork():
    said(f"post fork in worker {uwsgi.worker_id()}")


uwsgi.atexit = at_exit
uwsgi.post_fork_hook = post_fork


def facts(environ):
    return {
        "version": uwsgi.version,
        "version_info": uwsgi.version_info[:3],
        "numproc": uwsgi.numproc,
        "cores": uwsgi.cores,
        "loop": uwsgi.loop,
        "has_threads": uwsgi.has_threads,
        "hostname": type(uwsgi.hostname),
        "at_import": AT_IMPORT[0],
        "worker_id": uwsgi.worker_id(),
        "mule_id": uwsgi.mule_id(),
        "has_master": uwsgi.masterpid() > 0,
        "started_on": type(uwsgi.started_on),
        "module": uwsgi.opt["module"],
        "mem": [type(each) for each in uwsgi.mem()],
        "listen_queue": uwsgi.listen_queue(),
        "ready": type(uwsgi.ready()),
        "log": uwsgi.log("logged by the app"),
        "accepting": uwsgi.accepting(),
        "cl": uwsgi.cl(),
        "workers": sorted(uwsgi.workers()[0]),
    }


def logvars(environ):
    uwsgi.set_logvar("a", "é")
    uwsgi.set_logvar(b"b", b"\x00")
    return [uwsgi.get_logvar("a"), uwsgi.get_logvar("b"), uwsgi.get_logvar("none"), uwsgi.add_var("k", "v")]


def connected(environ):
    fd = uwsgi.connection_fd()
    return [fd > 2, uwsgi.is_connected(fd), uwsgi.is_connected(9999)]


def request_id(environ):
    return uwsgi.request_id()


def children(environ):
    """From greenlets of the request; the first two ways are not possible in uWSGI."""
    import bridge

    uwsgi.set_logvar("deep", "yes")

    def deep():
        return uwsgi.get_logvar("deep")

    async def task():
        return uwsgi.get_logvar("deep")

    def from_gone():
        try:
            return uwsgi.connection_fd()
        except SystemError as error:
            return str(error)

    def in_context():
        with context:
            return uwsgi.get_logvar("deep")

    context = uwsgi.request_context()
    return [
        gevent.spawn(lambda: gevent.spawn(deep).get()).get(),
        bridge.spawn(deep).get(),
        bridge.wait(task()),
        gevent.get_hub().threadpool.apply(from_gone),
        gevent.get_hub().threadpool.apply(in_context),
    ]


def wait_for_leaving(environ):
    fd = uwsgi.connection_fd()
    for _ in range(1000):
        if not uwsgi.is_connected(fd):
            said("the client has left")
            break
        gevent.sleep(0.02)
    return None


def afterwards(environ):
    def later():
        gevent.sleep(0.05)
        try:
            uwsgi.connection_fd()
        except SystemError as error:
            said(f"later: {error}")

    gevent.spawn(later)
    return "spawned"


def forbidden(environ):
    refused = {}
    for name in (
        "async_sleep",
        "green_schedule",
        "suspend",
        "wait_fd_read",
        "connect",
        "send",
        "recv",
        "close",
    ):
        try:
            getattr(uwsgi, name)(1)
        except RuntimeError as error:
            refused[name] = str(error)
    return refused


def hooked(environ):
    uwsgi.after_req_hook = lambda: calls.append(1)
    return len(calls)


def ready(environ):
    return uwsgi.ready()


def quiet(environ):
    uwsgi.log_this_request()


def stop(environ):
    return uwsgi.stop()


def application(environ, start_response):
    name = environ["PATH_INFO"].strip("/")
    if name == "file":
        start_response("200 OK", [("Content-Type", "text/plain")])
        uwsgi.sendfile(__file__)
        return []
    if name == "chunks":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"".join(iter(uwsgi.chunked_read, b""))]
    if name == "hangup":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return hang_up()
    result = globals()[name](environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [repr(result).encode()]


def hang_up():
    yield b"one"
    uwsgi.disconnect()
    gevent.sleep(0.05)
    said("still running")
    yield b"two"
