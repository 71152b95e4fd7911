"""Finding the application, and saying why it was not found."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import pytest

from engine.apps.loader import load_apps
from engine.apps.python_path import check_names, prepare_sys_path
from engine.config import OPTIONS, read, resolve
from engine.errors import AppLoadError

APP = """
def application(environ, start_response):
    return [b"application"]

def other(environ, start_response):
    return [b"other"]

def make():
    return other

def broken():
    raise LookupError("no settings")

class holder:
    inside = staticmethod(other)

async def asgi(scope, receive, send): ...

class Asgi:
    async def __call__(self, scope, receive, send): ...

asgi_object = Asgi()

def around(scope, receive, send):
    return asgi(scope, receive, send)

def make_asgi():
    return asgi

def asgi2(scope):
    return None

class ASGI2:
    def __init__(self, scope): ...
    async def __call__(self, receive, send): ...

class wsgi_class:
    def __init__(self, environ, start_response): ...
    def __iter__(self): return iter([b"class"])

number = 3
"""


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """A directory of modules that is current; modules and paths are forgotten afterwards."""
    modules = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some_app.py").write_text(APP)
    yield tmp_path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def settings(*argv):
    return resolve(read(["--http", ":0", *argv], {}, OPTIONS))


def load(*argv):
    (app,) = load_apps(settings(*argv), [].append)
    assert not app.is_asgi
    return app.call


def answer(app):
    return b"".join(app({}, None))


def refusal(*argv):
    with pytest.raises(AppLoadError) as error:
        load(*argv)
    assert error.value.exit_code == 22
    return error.value


@pytest.mark.parametrize(
    ("argv", "body"),
    [
        (["-w", "some_app"], b"application"),
        (["-w", "some_app:other"], b"other"),
        (["-w", "some_app:make()"], b"other"),
        (["-w", "some_app", "--callable", "make()"], b"other"),
        (["-w", "some_app:holder.inside"], b"other"),
        (["--wsgi-file", "some_app.py"], b"application"),
        (["some_app.py", "--callable", "other"], b"other"),
    ],
)
def test_what_names_an_application(directory, argv, body):
    assert answer(load(*argv)) == body


@pytest.mark.parametrize("name", ["asgi", "asgi_object", "around", "make_asgi()"])
def test_an_asgi_application_is_seen_from_the_callable(directory, name):
    lines = []
    (app,) = load_apps(settings("-w", f"some_app:{name}"), lines.append)
    assert (app.is_asgi, app.green) == (True, False)
    assert lines == ["ASGI app 0 (mountpoint='') ready in 0 seconds (default app)"]


@pytest.mark.parametrize("name", ["application", "wsgi_class", "holder.inside"])
def test_anything_else_is_wsgi(directory, name):
    load("-w", f"some_app:{name}")


def test_a_prefix_says_what_it_is(directory):
    (app,) = load_apps(settings("--mount", "/x=asgi+green:some_app:asgi"), [].append)
    assert (app.mountpoint, app.is_asgi, app.green) == ("/x", True, True)


def test_mounts_are_loaded_after_the_main_application(directory):
    lines = []
    apps = load_apps(
        settings("-w", "some_app", "--mount", "/a=some_app:asgi", "--mount", "/b=some_app.py"), lines.append
    )
    assert [(app.number, app.mountpoint) for app in apps] == [(0, ""), (1, "/a"), (2, "/b")]
    assert lines[1:] == [
        "ASGI app 1 (mountpoint='/a') ready in 0 seconds",
        "WSGI app 2 (mountpoint='/b') ready in 0 seconds",
    ]


DICTIONARY = """
import sys, types
uwsgi = sys.modules["uwsgi"]
def first(environ, start_response): return [b"first"]
def second(environ, start_response): return [b"second"]
uwsgi.applications = {"": "first", "/second/": second}
"""


def test_a_module_may_say_what_is_where_in_the_uwsgi_module(directory, monkeypatch):
    monkeypatch.setitem(sys.modules, "uwsgi", ModuleType("uwsgi"))
    (directory / "many.py").write_text(DICTIONARY)
    apps = load_apps(settings("-w", "many", "--mount", "/x=some_app"), [].append)
    assert [(app.number, app.mountpoint) for app in apps] == [(0, ""), (1, "/second"), (2, "/x")]
    assert [answer(app.call) for app in apps] == [b"first", b"second", b"application"]


def test_a_path_in_both_is_refused(directory, monkeypatch):
    monkeypatch.setitem(sys.modules, "uwsgi", ModuleType("uwsgi"))
    (directory / "many.py").write_text(DICTIONARY)
    assert "same path" in str(refusal("-w", "many", "--mount", "/second=some_app"))


def test_a_module_in_a_package(directory):
    (directory / "package").mkdir()
    (directory / "package" / "web.py").write_text(APP)
    assert answer(load("-w", "package.web")) == b"application"


def test_a_file_of_any_name_runs_as_a_module_of_uwsgis_name(directory):
    (directory / "my-site.wsgi").write_text(APP + "name = __name__\nfile = __file__\n")
    app = load("--wsgi-file", "my-site.wsgi")
    assert app.__module__ == "uwsgi_file_my_site_wsgi"
    assert sys.modules[app.__module__].file == str(directory / "my-site.wsgi")


def test_app_stands_in_for_application_and_is_mentioned(directory):
    (directory / "flasky.py").write_text("def app(environ, start_response): return [b'app']\n")
    lines = []
    (app,) = load_apps(settings("-w", "flasky"), lines.append)
    assert answer(app.call) == b"app"
    assert "--callable" in lines[0]
    assert lines[1:] == ["WSGI app 0 (mountpoint='') ready in 0 seconds (default app)"]


# -- what is not there


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["-w", "no_such_module"], ["'no_such_module'", "--pythonpath", "--chdir"]),
        (["-w", "no_such_package.module"], ["'no_such_package'", "--module no_such_package.module"]),
        (["-w", "some_app.py"], ["--wsgi-file some_app.py"]),
        (["--wsgi-file", "none.py"], ["none.py", "no such file"]),
        (["-w", "some_app:othr"], ["'othr'", "did you mean other"]),
        (["-w", "some_app:zzz"], ["'zzz'", "application, other"]),
        (["-w", "some_app:number"], ["int", "cannot be called"]),
        (["-w", "some_app:number()"], ["leave the () out"]),
        (["-w", "some_app:holder.zzz"], ["'holder.zzz'"]),
        (["--mount", "/=wsgi:some_app:asgi"], ["async", "write asgi:"]),
        (["--mount", "/x=asgi:some_app"], ["no module named 'asgi'", "asgi:MODULE:CALLABLE"]),
        (["-w", "some_app:asgi2"], ["ASGI 2", "guarantee_single_callable"]),
        (["-w", "some_app:ASGI2"], ["ASGI 2", "guarantee_single_callable"]),
    ],
)
def test_what_is_missing_is_named(directory, argv, words):
    error = refusal(*argv)
    assert error.__cause__ is None
    for word in words:
        assert word in str(error)


# -- what fails inside the application keeps its own exception


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "import no_such_library\n",
            ["importing 'failing' failed", "ModuleNotFoundError", "no_such_library"],
        ),
        ("from os import no_such_name\n", ["ImportError", "no_such_name"]),
        ("1 / 0\n", ["ZeroDivisionError"]),
        ("def (\n", ["SyntaxError"]),
        ("raise SystemExit(3)\n", ["SystemExit: 3"]),
    ],
)
@pytest.mark.parametrize("argv", [["-w", "failing"], ["--wsgi-file", "failing.py"]])
def test_an_error_inside_is_told_from_a_missing_module(directory, code, words, argv):
    (directory / "failing.py").write_text(code)
    error = refusal(*argv)
    assert error.__cause__ is not None
    for word in words:
        assert word.replace("importing 'failing'", "") in str(error)


@pytest.mark.parametrize("argv", [["-w", "{}"], ["{}"], ["--mount", "/={}"], ["--mount", "/=wsgi:{}"]])
def test_a_factory_may_have_arguments(directory, argv):
    (directory / "made.py").write_text(
        "def make(name, *, at='', tags=()):\n"
        "    def app(environ, start_response): ...\n"
        "    app.told = name, at, tags\n"
        "    return app\n"
    )
    written = "made:make('a(b', at='http://x:1/y', tags=[1, None])"
    (app,) = load_apps(settings(*(word.format(written) for word in argv)))
    assert app.call.told == ("a(b", "http://x:1/y", [1, None])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("make(", "is no call of a factory"),
        ("make()()", "is no call of a factory"),
        ("make(x)", "must be literals"),
        ("make(**{})", "has no meaning"),
        ("make() + 1", "is no call of a factory"),
        ("make(1)", "calling make\\(1\\) of 'some_app' failed: TypeError"),
    ],
)
def test_a_factory_that_cannot_be_called_so(directory, call, said):
    assert re.search(said, str(refusal("-w", f"some_app:{call}")))


def test_an_error_in_a_factory_keeps_its_own_exception(directory):
    error = refusal("-w", "some_app:broken()")
    assert isinstance(error.__cause__, LookupError)
    assert "calling broken() of 'some_app' failed: LookupError: no settings" in str(error)


# -- sys.path


def test_pythonpath_comes_first_in_its_order_then_the_current_directory(directory):
    for name in ("lib-b", "lib-a", "one"):
        (directory / name).mkdir()
    prepare_sys_path(settings("-w", "x", "--pp", "one", "--pp", "lib-*", "--pp", "/no/such"))
    here = str(directory)
    assert sys.path[:5] == [f"{here}/one", f"{here}/lib-a", f"{here}/lib-b", "/no/such", here]
    assert sys.path.count(here) == 1


def test_a_virtualenv_goes_before_our_own_packages(directory):
    packages = directory / "venv" / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    packages.mkdir(parents=True)
    (directory / "elsewhere").mkdir()
    (packages / "more.pth").write_text(f"{directory}/elsewhere\n")
    prepare_sys_path(settings("-w", "x", "-H", "venv"))
    assert sys.path[:3] == [str(directory), str(packages), f"{directory}/elsewhere"]


def test_a_virtualenv_of_another_python_is_refused(directory):
    (directory / "venv" / "lib" / "python2.7" / "site-packages").mkdir(parents=True)
    with pytest.raises(AppLoadError, match=r"--home venv: .*python3"):
        prepare_sys_path(settings("-w", "x", "-H", "venv"))


# -- names of our own packages


@pytest.mark.parametrize("name", ["bridge", "engine"])
@pytest.mark.parametrize("shape", ["package", "module"])
@pytest.mark.parametrize("argv", [["--chdir", "site"], ["--pp", "site"]])
def test_a_name_of_ours_is_refused_with_its_place(directory, name, shape, argv):
    site = directory / "site"
    (site / name).mkdir(parents=True)
    path = site / name
    if shape == "package":
        (path / "__init__.py").write_text("")
    else:
        path = site / f"{name}.py"
        path.write_text("")
    with pytest.raises(AppLoadError) as error:
        check_names(settings("-w", "x", *argv))
    assert f"{path} has the name" in str(error.value)


def test_a_plain_directory_of_that_name_hides_nothing(directory):
    (directory / "bridge").mkdir()
    check_names(settings("-w", "x"))


def test_our_own_directory_is_no_clash():
    import engine

    root = engine.__path__[0].removesuffix("/engine")
    check_names(settings("-w", "x", "--chdir", root))
