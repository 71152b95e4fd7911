"""Makes ``docs/reference/uwsgi-api.md`` from the code: ``python -m engine.uwsgi_api.reference``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final

from engine.uwsgi_api.api import GROUPS
from engine.uwsgi_api.helper_calls import SpoolerCalls
from engine.uwsgi_api.instance import Facts, Instance
from engine.uwsgi_api.module import attributes
from engine.uwsgi_api.public import Call, calls_of
from engine.uwsgi_api.refusals import FORBIDDEN, LATER

__all__ = ["page"]

_SET_BY_APPLICATIONS: Final = {
    "applications": "while the application is imported: a dict, path -> application, longest path first",
    "after_req_hook": "called without arguments after each request, in its greenlet",
    "atexit": "called once when a worker ends, in a greenlet of its own: it may block",
    "mule_msg_hook": "called with each message of a mule that does not ask for messages itself",
    "post_fork_hook": "called without arguments in each worker, mule and spooler after it was forked",
    "spooler": "called with each task, a dict; returns `SPOOL_OK`, `SPOOL_RETRY` or `SPOOL_IGNORE`",
}
_STARS: Final[dict[Any, str]] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}
_HEAD: Final = """\
# The `uwsgi` module

Inside the server `import uwsgi` gives this module; elsewhere there is none. `uwsgidecorators` can be imported
there too, with the decorators of uWSGI 2.0.31 and `mstimer`; it needs no master here. Text results are bytes,
as in uWSGI. Websockets: [how to](../how-to/websockets.md). This page is made from the code:
`python -m engine.uwsgi_api.reference > docs/reference/uwsgi-api.md`.

Caches, locks, signals and the spooler can be [shared between machines](../how-to/share-across-machines.md);
what survives the death of which process is said in [background work](../how-to/background-work.md).

Functions about the current request work in every greenlet and task that the request started, until it ends;
elsewhere they raise `SystemError`, with uWSGI's text. `uwsgi.request_context()` gives a handle to act for the
request from yet another place: `with context: uwsgi.set_logvar(...)`.

[Answers compared with those of uWSGI](uwsgi-compared.md) are on another page.

Status: **yes** as in uWSGI, **yes, but** with the difference named, **no** raises the error named.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_attributes(), *_groups(), *_refused()]) + "\n"


def _attributes() -> Iterator[str]:
    instance = Instance(Facts(1, 100, False), print)
    yield "## Attributes\n"
    yield "| name | value |\n|---|---|"
    for name, value in sorted(attributes(instance).items()):
        yield f"| `{name}` | {type(value).__name__} |"
    yield "| `env` | dict: the environ of the request, made anew as the server made it |"
    yield "| `start_response` | the function of the request |"
    yield "\nApplications may set:\n"
    yield "| name | what happens |\n|---|---|"
    for name, text in _SET_BY_APPLICATIONS.items():
        yield f"| `{name}` | {text} |"
    yield ""


def _groups() -> Iterator[str]:
    for group in (*GROUPS, SpoolerCalls):
        yield f"## {group.__doc__}\n"
        yield "| function | what it does | status |\n|---|---|---|"
        for call, method in calls_of(group):
            yield f"| `{call.name}{_signature(method)}` | {_summary(method)} | {_status(call)} |"
        yield ""


def _signature(method: Any) -> str:
    words = []
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        word = _STARS.get(parameter.kind, "") + parameter.name
        if parameter.default is not inspect.Parameter.empty:
            word += f"={parameter.default!r}"
        words.append(word)
    return f"({', '.join(words)})"


def _summary(method: Any) -> str:
    text = inspect.getdoc(method) or ""
    return text.partition("\n")[0].replace("``", "`").replace("|", "\\|")


def _status(call: Call) -> str:
    return f"yes, but: {call.differs}" if call.differs else "yes"


def _refused() -> Iterator[str]:
    yield "## uWSGI's own asynchronous API\n"
    yield "It must not be mixed with gevent; these raise `RuntimeError`.\n"
    yield "| function | use instead |\n|---|---|"
    for name, instead in FORBIDDEN.items():
        yield f"| `{name}` | {instead} |"
    yield "\n## Not offered\n"
    yield "These raise `NotImplementedError`.\n"
    yield "| function | use instead |\n|---|---|"
    for name, instead in LATER.items():
        yield f"| `{name}` | {instead} |"


if __name__ == "__main__":
    print(page(), end="")
