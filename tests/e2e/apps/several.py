"""Applications that the module declares itself."""

import uwsgi


def named(name):
    def call(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{name} {environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()]

    return call


uwsgi.applications = {b"": named("one"), "/two": named("two"), "/two/three/": "third"}
third = named("three")
application = named("none")
