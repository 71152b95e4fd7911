"""Decorators over the ``uwsgi`` module; applications import this as ``uwsgidecorators``.

Loaded under that name by :mod:`engine.uwsgi_api.finder`, at most once in a
process, so the registrations below belong to one server.  Importing it sets
``uwsgi.spooler``, ``uwsgi.post_fork_hook`` and ``uwsgi.mule_msg_hook``.
"""

from __future__ import annotations

import functools
import importlib
import pickle
import threading
import traceback
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

uwsgi: Any = importlib.import_module("uwsgi")

__all__ = [
    "cron",
    "erlang",
    "farm",
    "farm_loop",
    "filemon",
    "get_free_signal",
    "harakiri",
    "lock",
    "manage_spool_request",
    "mstimer",
    "mule",
    "mule_brain",
    "mule_brainloop",
    "mule_functions",
    "mule_msg_dispatcher",
    "mulefunc",
    "muleloop",
    "mulemsg",
    "mulemsg_loop",
    "postfork",
    "postfork_chain",
    "postfork_chain_hook",
    "rbtimer",
    "rpc",
    "signal",
    "spool",
    "spooler_functions",
    "spoolforever",
    "spoolraw",
    "thread",
    "timer",
    "uwsgi",
]

F = TypeVar("F", bound=Callable[..., Any])

spooler_functions: dict[str, Callable[..., Any]] = {}
mule_functions: dict[str, Callable[..., Any]] = {}
postfork_chain: list[Callable[[], Any]] = []


# -- signals ---------------------------------------------------------------------------


def get_free_signal() -> int:
    """Return the lowest signal number that this process has no handler for."""
    for number in range(256):
        if not uwsgi.signal_registered(number):
            return number
    raise Exception("No free uwsgi signal available")


def signal(num: int, target: str = "", **_: Any) -> Callable[[F], F]:
    """``@signal(17)``: let the function handle a signal."""

    def register(function: F) -> F:
        uwsgi.register_signal(num, target, function)
        return function

    return register


def _raised_by(add: Callable[[int], Any], signum: int | None, target: str) -> Callable[[F], F]:
    """Let a function handle a signal, a free one unless *signum* says which, that *add* raises."""

    def register(function: F) -> F:
        number = get_free_signal() if signum is None else signum
        uwsgi.register_signal(number, target, function)
        add(number)
        return function

    return register


def timer(secs: float, signum: int | None = None, target: str = "") -> Callable[[F], F]:
    """``@timer(10)``: call the function every so many seconds, in a worker."""
    return _raised_by(lambda number: uwsgi.add_timer(number, secs), signum, target)


def mstimer(ms: int, signum: int | None = None, target: str = "") -> Callable[[F], F]:
    """``@mstimer(500)``: call the function every so many milliseconds."""
    return _raised_by(lambda number: uwsgi.add_ms_timer(number, ms), signum, target)


def rbtimer(secs: float, signum: int | None = None, target: str = "") -> Callable[[F], F]:
    """``@rbtimer(10)``: as :func:`timer`."""
    return _raised_by(lambda number: uwsgi.add_rb_timer(number, secs), signum, target)


def cron(
    minute: int,
    hour: int,
    day: int,
    month: int,
    dayweek: int,
    signum: int | None = None,
    target: str = "",
) -> Callable[[F], F]:
    """``@cron(-5, -1, -1, -1, -1)``: call the function when it is time; see ``uwsgi.add_cron``."""
    return _raised_by(
        lambda number: uwsgi.add_cron(number, minute, hour, day, month, dayweek), signum, target
    )


def filemon(path: str, signum: int | None = None, target: str = "") -> Callable[[F], F]:
    """``@filemon('/tmp')``: call the function when a file or directory changes."""
    return _raised_by(lambda number: uwsgi.add_file_monitor(number, path), signum, target)


# -- after the fork ----------------------------------------------------------------------


def postfork_chain_hook() -> None:
    """Call everything that was decorated with :class:`postfork`."""
    for call in postfork_chain:
        call()


class postfork:
    """``@postfork``, or ``@postfork(2)`` for worker 2 only: call the function after each fork."""

    def __init__(self, f: Callable[[], Any] | int) -> None:
        if callable(f):
            self.wid = 0
            self.f: Callable[[], Any] | None = f
        else:
            self.wid = f
            self.f = None
        postfork_chain.append(self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.f is None:
            self.f = args[0]
            return None
        if self.wid and self.wid != uwsgi.worker_id():
            return None
        return self.f(*args, **kwargs)


# -- spooler ---------------------------------------------------------------------------------

_TASK_KEYS = ("message_dict", "spooler", "priority", "at", "body")


def _to_bytes(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def _to_str(value: Any) -> Any:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def manage_spool_request(task: dict[bytes, bytes]) -> Any:
    """Run one task: find its function by name, and say what becomes of the task."""
    fields = {_to_str(key): value for key, value in task.items()}
    spooled = spooler_functions[_to_str(fields["ud_spool_func"])]
    if "args" in fields and "kwargs" in fields:
        args, kwargs = pickle.loads(fields["args"]), pickle.loads(fields["kwargs"])
        answer = spooled(*args, **kwargs)
    else:
        answer = spooled({key: value if key == "body" else _to_str(value) for key, value in fields.items()})
    return int(fields["ud_spool_ret"]) if "ud_spool_ret" in fields else int(answer)


class _Spooled:
    """A function whose calls become tasks of the spooler."""

    answer: int | None = None  # what becomes of a task; None: the function says it

    def __init__(self, f: Callable[..., Any], pass_arguments: bool = False) -> None:
        if "spooler" not in uwsgi.opt and "spooler-external" not in uwsgi.opt:
            raise Exception(f"you have to enable the uWSGI spooler to use @{type(self).__name__} decorator")
        self.f = f
        self.pass_arguments = pass_arguments
        functools.update_wrapper(self, f)
        spooler_functions[f.__name__] = f

    def __call__(self, *args: Any, **kwargs: Any) -> bytes:
        task: dict[str, Any] = {"ud_spool_func": self.f.__name__}
        if self.answer is not None:
            task["ud_spool_ret"] = str(self.answer)
        if self.pass_arguments:
            task.update({key: kwargs.pop(key) for key in _TASK_KEYS if key in kwargs})
            task.update(task.pop("message_dict", None) or {})
            task["args"], task["kwargs"] = pickle.dumps(args), pickle.dumps(kwargs)
        else:
            for given in args[:1]:
                task.update(given)
            task.update(kwargs)
        path: bytes = uwsgi.spool({_to_bytes(key): _to_bytes(value) for key, value in task.items()})
        return path

    spool = __call__


def _spool_decorator(kind: type[_Spooled]) -> Callable[..., Any]:
    def decorate(f: Callable[..., Any] | None = None, pass_arguments: bool = False) -> Any:
        if f is None:
            return functools.partial(kind, pass_arguments=pass_arguments)
        return kind(f, pass_arguments)

    return decorate


class _spoolraw(_Spooled):
    pass


class _spool(_Spooled):
    answer = uwsgi.SPOOL_OK


class _spoolforever(_Spooled):
    answer = uwsgi.SPOOL_RETRY


spoolraw = _spool_decorator(_spoolraw)
spoolraw.__doc__ = "``@spoolraw``: calls become tasks; the function returns ``uwsgi.SPOOL_OK`` and so on."
spool = _spool_decorator(_spool)
spool.__doc__ = "``@spool``: calls become tasks, each run once."
spoolforever = _spool_decorator(_spoolforever)
spoolforever.__doc__ = "``@spoolforever``: calls become tasks that are run again and again."


# -- mules -----------------------------------------------------------------------------------

_SERVICE = "uwsgi_mulefunc"


def mule_msg_dispatcher(message: bytes) -> Any:
    """Run the function that a :class:`mulefunc` asks for; anything else raises."""
    asked = pickle.loads(message)
    if asked["service"] != _SERVICE:
        raise ValueError(f"not a message of @mulefunc: {asked!r}")
    return mule_functions[asked["func"]](*asked["args"], **asked["kwargs"])


class mulefunc:
    """``@mulefunc``, ``@mulefunc(2)``, ``@mulefunc('farm')``: run the function in a mule."""

    def __init__(self, f: Callable[..., Any] | int | str) -> None:
        self.fname: str | None = None
        self.mule: int | str | None = None
        if callable(f):
            self._remember(f)
        else:
            self.mule = f

    def _remember(self, f: Callable[..., Any]) -> None:
        self.fname = f.__name__
        mule_functions[self.fname] = f

    def real_call(self, *args: Any, **kwargs: Any) -> None:
        """Ask the mule."""
        message = pickle.dumps({"service": _SERVICE, "func": self.fname, "args": args, "kwargs": kwargs})
        if self.mule is None:
            uwsgi.mule_msg(message)
        else:
            uwsgi.mule_msg(message, _to_bytes(self.mule))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.fname is None:
            self._remember(args[0])
            return self.real_call
        return self.real_call(*args, **kwargs)


def _run_or_die(f: Callable[..., Any], *args: Any) -> Any:
    try:
        return f(*args)
    except Exception:
        traceback.print_exc()
        raise SystemExit(1) from None


class mule_brain:
    """Runs a function once, in one mule."""

    def __init__(self, f: Callable[[], Any], num: int) -> None:
        self.f = f
        self.num = num

    def __call__(self) -> None:
        if uwsgi.mule_id() == self.num:
            _run_or_die(self.f)


class mule_brainloop(mule_brain):
    """Runs a function again and again, in one mule."""

    def __call__(self) -> None:
        if uwsgi.mule_id() == self.num:
            while True:
                _run_or_die(self.f)


class mulemsg_loop(mule_brain):
    """Gives the messages of one mule to a function."""

    def __init__(self, f: Callable[[bytes], Any], num: int) -> None:
        super().__init__(f, num)  # type: ignore[arg-type]

    def __call__(self) -> None:
        if uwsgi.mule_id() == self.num:
            while True:
                _run_or_die(self.f, uwsgi.mule_get_msg())


class farm_loop:
    """Gives the messages of one farm to a function, in its mules."""

    def __init__(self, f: Callable[[bytes], Any], farm: str) -> None:
        self.f = f
        self.farm = farm

    def __call__(self) -> None:
        if uwsgi.mule_id() and uwsgi.in_farm(self.farm):
            while True:
                _run_or_die(self.f, uwsgi.farm_get_msg())


def _after_fork(loop: Callable[..., Callable[[], None]], where: Any) -> Callable[[Callable[..., Any]], None]:
    def register(f: Callable[..., Any]) -> None:
        postfork_chain.append(loop(f, where))

    return register


def mule(num: int) -> Callable[[Callable[..., Any]], None]:
    """``@mule(1)``: run the function once in that mule; the name becomes None."""
    return _after_fork(mule_brain, num)


def muleloop(num: int) -> Callable[[Callable[..., Any]], None]:
    """``@muleloop(1)``: run the function again and again in that mule; the name becomes None."""
    return _after_fork(mule_brainloop, num)


def mulemsg(num: int) -> Callable[[Callable[..., Any]], None]:
    """``@mulemsg(1)``: give that mule's messages to the function; the name becomes None."""
    return _after_fork(mulemsg_loop, num)


def farm(name: str) -> Callable[[Callable[..., Any]], None]:
    """``@farm('blue')``: give that farm's messages to the function; the name becomes None."""
    return _after_fork(farm_loop, name)


# -- the rest ---------------------------------------------------------------------------------


def rpc(name: str) -> Callable[[F], F]:
    """``@rpc('hello')``: let ``uwsgi.rpc`` and ``uwsgi.call`` find the function."""

    def register(function: F) -> F:
        uwsgi.register_rpc(name, function)
        return function

    return register


def lock(f: Callable[..., Any]) -> Callable[..., Any]:
    """``@lock``: run the function under ``uwsgi.lock()``; in the spooler, not at all."""

    @functools.wraps(f)
    def locked(*args: Any, **kwargs: Any) -> Any:
        if uwsgi.i_am_the_spooler():
            return None
        uwsgi.lock()
        try:
            return f(*args, **kwargs)
        finally:
            uwsgi.unlock()

    return locked


def thread(f: Callable[..., Any]) -> Callable[..., Any]:
    """``@thread``: calls start a daemon thread, and return the function."""

    @functools.wraps(f)
    def start(*args: Any) -> Callable[..., Any]:
        threading.Thread(target=f, args=args, daemon=True).start()
        return f

    return start


def harakiri(seconds: int) -> Callable[[F], Callable[..., Any]]:
    """``@harakiri(30)``: let the request end if the function takes longer."""

    def decorate(f: F) -> Callable[..., Any]:
        @functools.wraps(f)
        def limited(*args: Any, **kwargs: Any) -> Any:
            uwsgi.set_user_harakiri(seconds)
            try:
                return f(*args, **kwargs)
            finally:
                uwsgi.set_user_harakiri(0)

        return limited

    return decorate


def erlang(name: str) -> NoReturn:
    """There is no Erlang here."""
    raise NotImplementedError(
        f"@erlang({name!r}): gevent-engine does not speak to Erlang; remove the decorator"
    )


uwsgi.spooler = manage_spool_request
uwsgi.post_fork_hook = postfork_chain_hook
uwsgi.mule_msg_hook = mule_msg_dispatcher
