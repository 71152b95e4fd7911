"""Build the compiled parts.  Everything else is in pyproject.toml.

All of them are optional: where they cannot be built (no compiler, no Cython, no
CPython headers) the build goes on with a warning, and the package runs without
them.  ``BRIDGE_PURE=1`` builds none of them.
"""

import os
import sys
import warnings
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# Modules in C, each optional by itself.
C_MODULES = ["bridge._stackcache._native"]

# Modules in Cython's pure-Python mode: a .py file, and mostly a .pxd file beside it.
# They use one another's C layout, so either all of them are compiled or none.
CYTHON_MODULES = [
    "bridge._callbacks",
    "bridge._clock",
    "bridge._hub.running_loop",
    "bridge._hub.scheduler",
    "bridge._hub.trampoline",
    "bridge._poller",
    "bridge._state",
    "bridge._watchers.async_",
    "bridge._watchers.base",
    "bridge._watchers.io",
    "bridge._watchers.timer",
    "bridge._watchers.timer_heap",
    "engine._clock",
    "engine.apps.wsgi.adapter",
    "engine.apps.wsgi.environ",
    "engine.apps.wsgi.input",
    "engine.cores.pool",
    "engine.cores.runner",
    "engine.logs.server_log",
    "engine.net._send",
    "engine.net.connection",
    "engine.net.flow",
    "engine.net.frontend",
    "engine.net.http1",
    "engine.net.uwsgi",
    "engine.protocols.events",
    "engine.protocols.fields",
    "engine.protocols.http1.fields",
    "engine.protocols.http1.framing",
    "engine.protocols.http1.head",
    "engine.protocols.http1.parser",
    "engine.protocols.http1.policy",
    "engine.protocols.http1.request_line",
    "engine.protocols.http1.scan",
    "engine.protocols.http1.usual",
    "engine.protocols.http1.writer",
    "engine.protocols.parser",
    "engine.protocols.sections",
    "engine.protocols.status",
    "engine.protocols.uwsgi.protocol",
    "engine.protocols.uwsgi.variables",
    "engine.request.access",
    "engine.request.body",
    "engine.request.exchange",
    "engine.request.link",
    "engine.request.room",
    "engine.worker.answering",
]

# These have a twin in Cython's own language.
LINUX_TWINS = ["bridge._clock", "bridge._poller", "engine._clock", "engine.net._send"]
TWINS = [
    "bridge._callbacks",
    "bridge._hub.running_loop",
    "engine.protocols.http1.fields",
    "engine.protocols.http1.scan",
    "engine.protocols.http1.usual",
    "engine.protocols.uwsgi.variables",
    "engine.request.room",
    *(LINUX_TWINS if sys.platform == "linux" else []),
]

CYTHON_DIRECTIVES = {"language_level": "3", "binding": False, "annotation_typing": False}

HERE = Path(__file__).parent


def wanted() -> bool:
    """Tell whether this platform has the compiled parts and the user wants them."""
    pure = os.environ.get("BRIDGE_PURE", "").strip().lower() not in {"", "0", "no", "off", "false"}
    return not pure and sys.implementation.name == "cpython" and os.name == "posix"


def source(name: str, suffix: str) -> str:
    """Return the path of a module's source, relative to this file as setuptools wants it."""
    return name.replace(".", "/") + suffix


def c_extensions() -> list[Extension]:
    """Return the extensions written in C."""
    return [
        Extension(name, [source(name, ".c")], optional=True, extra_compile_args=["-O2", "-pthread"])
        for name in C_MODULES
    ]


def cython_source(name: str) -> str:
    """Return the path of what Cython translates for a module."""
    return source(name, ".pyx" if name in TWINS else ".py")


def cython_extensions() -> list[Extension]:
    """Translate the Cython modules; none at all if one fails."""
    try:
        from Cython.Build import cythonize
        from Cython.Compiler.Errors import CompileError
    except ImportError as error:
        warnings.warn(f"hot modules stay uncompiled: {error}", stacklevel=1)
        return []
    try:
        return cythonize(
            [Extension(name, [cython_source(name)]) for name in CYTHON_MODULES],
            build_dir="build/cython",
            compiler_directives=CYTHON_DIRECTIVES,
            nthreads=os.cpu_count() or 1,
            quiet=True,
        )
    except (CompileError, OSError, ValueError) as error:
        warnings.warn(f"hot modules stay uncompiled: {error}", stacklevel=1)
        return []


class BuildAllOrNone(build_ext):
    """Builds the Cython modules all or not at all, and the C modules each by itself."""

    def build_extensions(self) -> None:
        everything = self.extensions
        group = [ext for ext in everything if ext.name in CYTHON_MODULES]
        self.extensions = [ext for ext in everything if ext.name not in CYTHON_MODULES]
        super().build_extensions()
        self.extensions = group
        try:
            super().build_extensions()
        except Exception as error:
            warnings.warn(f"hot modules stay uncompiled: {error}", stacklevel=1)
            for ext in group:
                Path(self.get_ext_fullpath(ext.name)).unlink(missing_ok=True)
            group = []
        # What is named here is copied into the tree of an editable install.
        self.extensions = [ext for ext in everything if ext.name not in CYTHON_MODULES] + group


if __name__ == "__main__":  # processes that are not forked (CPython 3.14, macOS) import this file, too
    os.chdir(HERE)
    setup(
        ext_modules=c_extensions() + cython_extensions() if wanted() else [],
        cmdclass={"build_ext": BuildAllOrNone},
        options={"build_ext": {"parallel": os.cpu_count() or 1}},
    )
