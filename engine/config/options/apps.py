"""What to run, and where Python finds it."""

from __future__ import annotations

from typing import Final

from engine.config.app_spec import parse_mount
from engine.config.options.inactive import noop, refused
from engine.config.options.record import Option, Section
from engine.config.values import (
    ASSIGNMENT,
    COUNT,
    DIRECTORY,
    FILE,
    FLAG,
    NUMBER,
    SECONDS,
    TEXT,
    Kind,
    checked,
    choice,
)

__all__ = ["APPLICATION"]


def _module(text: str) -> object:
    if text.isdecimal():
        raise ValueError("a module is needed (-w is --module, as in uWSGI); write --processes N for workers")
    return TEXT.parse(text)


_MODULE: Final = Kind("MODULE[:CALLABLE]", _module)

_ALIAS: Final = Kind("NAME=MODULE", ASSIGNMENT.parse)


APPLICATION: Final = Section(
    "Application",
    (
        Option(
            "module",
            _MODULE,
            "Import this application: MODULE, MODULE:CALLABLE, or MODULE:FACTORY(ARGUMENTS). Whether it is "
            "WSGI or ASGI is seen from the callable.",
            aliases=("wsgi",),
            short="w",
            page="Python.html",
        ),
        Option("wsgi-file", FILE, "Run this file as the application.", aliases=("file",), page="Python.html"),
        Option(
            "asgi",
            _MODULE,
            "Import this ASGI application. asgi+green:MODULE:CALLABLE lets its tasks call what blocks in "
            "gevent.",
            page="-",
        ),
        Option(
            "mount",
            checked("/PATH=APP", parse_mount),
            "Serve this application below a path: MODULE:CALLABLE or FILE.py, with wsgi:, asgi: or "
            "asgi+green: in front if need be. The longest path wins. SCRIPT_NAME is the path, PATH_INFO the "
            "rest. In uWSGI too --worker-mount does the same.",
            aliases=("worker-mount",),
            multiple=True,
        ),
        Option(
            "manage-script-name",
            help="Look for the mount by path even if the front end sends a SCRIPT_NAME. Without one, "
            "always so.",
        ),
        Option(
            "lifespan",
            choice("auto", "on", "off"),
            "ASGI start-up and shutdown events in each worker. auto: unless the application raises on them; "
            "on: then the start fails.",
            default="auto",
            page="-",
        ),
        Option(
            "asgi-cores",
            NUMBER,
            "ASGI requests that may run at once in each worker; more wait. They take none of the --gevent "
            "cores. 0: any number.",
            default=0,
            page="-",
        ),
        Option(
            "callable",
            Kind("NAME", TEXT.parse),
            "Name of the application inside the module or file; NAME(ARGUMENTS) calls a factory. "
            "If application is missing, app is tried.",
            default="application",
        ),
        Option("chdir", DIRECTORY, "Change to this directory before the application is loaded."),
        Option(
            "pythonpath",
            DIRECTORY,
            "Put this directory, or every match of this pattern, first in sys.path.",
            aliases=("python-path", "pp"),
            multiple=True,
        ),
        Option(
            "home",
            DIRECTORY,
            "Import from this virtualenv, which must be of the same Python version.",
            aliases=("virtualenv", "venv", "pyhome"),
            short="H",
            page="Python.html#virtualenv-support",
        ),
        Option("env", ASSIGNMENT, "Set an environment variable.", multiple=True),
        Option(
            "env-file",
            FILE,
            "Set those of this file, a NAME=VALUE a line; it is read again at a reload.",
            aliases=("env-files",),
            multiple=True,
            page="-",
        ),
        Option(
            "need-app",
            help="End start-up if the application cannot be loaded. Always so here: exit status 22.",
        ),
        Option("lazy-apps", help="Load the application in each worker instead of once before the fork."),
        Option(
            "catch-exceptions",
            help="Show the traceback of a failed request to its client. Not for the public.",
        ),
        Option(
            "wsgi-strict",
            help="Refuse response items of type str, as PEP 3333 asks; otherwise they are sent as UTF-8.",
            page="-",
        ),
        noop("plugins", "everything is built in", "plugin", kind=TEXT, priority="P0", multiple=True),
        noop(
            "need-plugins", "everything is built in", "need-plugin", kind=TEXT, priority="P0", multiple=True
        ),
        noop(
            "plugins-dir",
            "everything is built in",
            "plugin-dir",
            kind=DIRECTORY,
            priority="P0",
            multiple=True,
        ),
        noop("autoload", "everything is built in", priority="P2"),
        noop("max-apps", "there is no limit", kind=NUMBER, priority="P2"),
        noop(
            "wsgi-env-behavior",
            "each request always has an environ of its own",
            "wsgi-env-behaviour",
            kind=TEXT,
        ),
        noop("wsgi-disable-file-wrapper", "files are sent without offloading"),
        Option(
            "chdir2", DIRECTORY, "Change to this directory once the application is loaded.", priority="P1"
        ),
        Option(
            "import",
            TEXT,
            "Import this module, or run this file, after the applications, wherever they are loaded.",
            aliases=("pyimport", "py-import", "python-import"),
            multiple=True,
            priority="P1",
        ),
        Option(
            "shared-import",
            TEXT,
            "The same as --import.",
            aliases=("shared-pyimport", "shared-py-import", "shared-python-import"),
            multiple=True,
            priority="P1",
        ),
        Option(
            "spooler-import",
            TEXT,
            "Import this module in spoolers only.",
            aliases=("spooler-pyimport", "spooler-py-import", "spooler-python-import"),
            multiple=True,
            priority="P1",
        ),
        Option(
            "py-autoreload",
            SECONDS,
            "Reload when the file of a Python module has changed; look every so many seconds. For "
            "development. Implies --master.",
            aliases=("py-auto-reload", "python-autoreload", "python-auto-reload"),
            default=0,
        ),
        Option(
            "py-auto-reload-ignore",
            Kind("MODULE", TEXT.parse),
            "The file of this module may change without a reload.",
            multiple=True,
            priority="P2",
        ),
        Option(
            "start_response-nodelay",
            FLAG,
            "Send the head of a reply as soon as a WSGI application calls start_response, not with the first "
            "item of the body. What fails later cannot become an error page then.",
            priority="P1",
        ),
        noop("wsgi-accept-buffer", "bytearray and memoryview are always sent", "wsgi-accept-buffers"),
        Option(
            "lazy",
            help="The same as --lazy-apps. A reload also replaces the master; reload the workers only with "
            "--touch-workers-reload or w in the master fifo, as uWSGI does with --lazy.",
            priority="P2",
        ),
        Option(
            "reload-on-exception",
            help="Replace the worker once a request has ended with an exception; other requests finish "
            "first. Without a master the server ends.",
            priority="P2",
        ),
        Option(
            "reload-on-exception-type",
            Kind("CLASS", TEXT.parse),
            "The same, for exceptions of this class only: NAME or MODULE.NAME.",
            multiple=True,
            priority="P2",
        ),
        Option(
            "reload-on-exception-value",
            TEXT,
            "The same, for exceptions with this text only.",
            multiple=True,
            priority="P2",
        ),
        Option(
            "reload-on-exception-repr",
            Kind("'CLASS: TEXT'", TEXT.parse),
            "The same, for exceptions of this class with this text only.",
            multiple=True,
            priority="P2",
        ),
        Option(
            "py-tracebacker",
            Kind("PATH", TEXT.parse),
            "Tell whoever connects to the unix socket PATH followed by the number of a worker where its "
            "threads and requests are, and everything that waits in it: nc -U /run/tb1 for --py-tracebacker "
            "/run/tb. It answers while the loop stands still, too.",
            page="Tracebacker.html",
            priority="P2",
        ),
        Option(
            "pyargv",
            Kind("'WORD ...'", TEXT.parse),
            "Make sys.argv uwsgi and these words before the application is loaded.",
            priority="P2",
        ),
        Option(
            "pymodule-alias",
            _ALIAS,
            "Import this module, or run this file, before the applications, and let it be imported as NAME.",
            multiple=True,
            priority="P2",
        ),
        Option(
            "post-pymodule-alias",
            _ALIAS,
            "The same, after all --pymodule-alias.",
            multiple=True,
            priority="P2",
        ),
        Option(
            "unenv",
            Kind("NAME", TEXT.parse),
            "Remove an environment variable.",
            multiple=True,
            priority="P2",
        ),
        refused("eval", "put the code in a file and use --wsgi-file"),
        refused("paste", "load the deployment in a module and use --module", "paste-logger"),
        refused("ini-paste", "load the deployment in a module and use --module", "ini-paste-logged"),
        refused("pecan", "build the application in a module and use --module"),
        refused("no-site", "run 'python -S -m engine'", kind=FLAG),
        refused("optimize", "run 'python -O -m engine'", kind=COUNT, short="O"),
        refused("wsgi-lite", "make it an ordinary WSGI application and use --module"),
        refused("web3", "make it a WSGI application and use --module"),
        refused("pump", "make it a WSGI application and use --module"),
        refused("vhost", "run one engine per application, or dispatch on HTTP_HOST in one", kind=FLAG),
        refused("vhost-host", "run one engine per application, or dispatch on HTTP_HOST in one", kind=FLAG),
    ),
)
