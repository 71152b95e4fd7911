"""Build the compiled parts.  Everything else is in pyproject.toml.

All of them are optional: where one cannot be built (no compiler, no Cython, no
CPython headers) the build goes on with a warning, and the package runs without
it.  ``BRIDGE_PURE=1`` builds none of them.
"""

import os
import sys
import warnings
from pathlib import Path

from setuptools import Extension, setup

# Modules in C.
C_MODULES = ["bridge._stackcache._native"]

# Modules in Cython's pure-Python mode: a .py file, and a .pxd file beside it.
# To compile one more, add its dotted name.
CYTHON_MODULES: list[str] = []

CYTHON_DIRECTIVES = {"language_level": "3", "binding": True, "annotation_typing": False}

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


def cython_extensions() -> list[Extension]:
    """Translate the Cython modules one by one; leave out those that fail."""
    if not CYTHON_MODULES:
        return []
    try:
        from Cython.Build import cythonize
        from Cython.Compiler.Errors import CompileError
    except ImportError as error:
        warnings.warn(f"{', '.join(CYTHON_MODULES)} stay uncompiled: {error}", stacklevel=1)
        return []
    extensions = []
    for name in CYTHON_MODULES:
        module = Extension(name, [source(name, ".py")], optional=True)
        try:
            extensions += cythonize(
                [module], build_dir="build/cython", compiler_directives=CYTHON_DIRECTIVES, quiet=True
            )
        except (CompileError, OSError, ValueError) as error:
            warnings.warn(f"{name} stays uncompiled: {error}", stacklevel=1)
    for extension in extensions:
        extension.optional = True  # cythonize builds new objects and forgets it
    return extensions


os.chdir(HERE)
setup(ext_modules=c_extensions() + cython_extensions() if wanted() else [])
