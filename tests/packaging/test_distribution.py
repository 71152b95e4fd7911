"""What is built: a source distribution with all sources, and wheels, also where there is no compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from bridge._version import __version__
from tests.support.engine_process import REPOSITORY

PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
NOT_SOURCE = shutil.ignore_patterns(
    ".*", "build", "dist", "*.egg-info", "__pycache__", "*.so", "*.pyc", "venv*", "site", "node_modules"
)


def run(*command: str | Path, cwd: Path, **env: str) -> str:
    result = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": "", **env},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    pytest.importorskip("build")
    directory = tmp_path_factory.mktemp("sdist")
    shutil.copytree(REPOSITORY, directory / "source", ignore=NOT_SOURCE)
    command = ["-m", "build", "--sdist", "--no-isolation", "--skip-dependency-check", "--outdir", "dist"]
    run(sys.executable, *command, cwd=directory / "source", BRIDGE_PURE="1")
    (archive,) = (directory / "source/dist").iterdir()
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    return directory / archive.name.removesuffix(".tar.gz")


def build_wheel(sdist: Path, out: Path, **env: str) -> Path:
    source = out / "source"
    shutil.copytree(sdist, source)
    command = ["-m", "build", "--wheel", "--no-isolation", "--skip-dependency-check", "--outdir", "../wheel"]
    run(sys.executable, *command, cwd=source, **env)
    (wheel,) = (out / "wheel").iterdir()
    return wheel


@pytest.mark.slow
@pytest.mark.timeout(200)
class TestBuilt:
    def test_the_source_distribution_holds_every_source(self, sdist: Path) -> None:
        assert sdist.name == f"gevent_bridge-{__version__}"
        wanted = [
            path.relative_to(REPOSITORY)
            for package in ("bridge", "engine")
            for pattern in ("*.py", "*.pxd", "*.pyx", "*.pyi", "*.c", "*.html", "py.typed")
            for path in (REPOSITORY / package).rglob(pattern)
        ]
        assert len(wanted) > 300
        top = ["LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "README.md", "setup.py", "mkdocs.yml"]
        more = ["tests/conftest.py", "docs/index.md", "contrib/systemd/shop.ini", "examples/crazy.py"]
        missing = [str(path) for path in [*wanted, *top, *more] if not (sdist / path).exists()]
        assert not missing
        assert not list(sdist.rglob("*.so"))
        assert not (sdist / "build").exists()

    def test_a_wheel_without_compiled_parts(self, sdist: Path, tmp_path: Path) -> None:
        wheel = build_wheel(sdist, tmp_path, BRIDGE_PURE="1")
        assert wheel.name == f"gevent_bridge-{__version__}-py3-none-any.whl"
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
        info = f"gevent_bridge-{__version__}.dist-info"
        tops = {name.partition("/")[0] for name in names}
        assert tops == {"bridge", "engine", "_bridge_pure.py", "pytest_bridge.py", info}
        for name in ("bridge/py.typed", "engine/py.typed", "bridge/_state.pxd", "engine/stats/tree.html"):
            assert name in names
        assert f"{info}/licenses/LICENSE" in names
        assert not [name for name in names if "/tests/" in name or name.endswith((".so", ".c"))]

    def test_where_nothing_can_be_compiled_the_build_goes_on(self, sdist: Path, tmp_path: Path) -> None:
        (tmp_path / "Cython").mkdir()
        (tmp_path / "Cython/__init__.py").write_text("raise ImportError('no Cython here')")
        wheel = build_wheel(sdist, tmp_path, CC="false", PYTHONPATH=str(tmp_path))
        with zipfile.ZipFile(wheel) as archive:
            assert not [name for name in archive.namelist() if name.endswith(".so")]
            archive.extractall(tmp_path / "installed")
        run(sys.executable, "-m", "engine", "--version", cwd=tmp_path / "installed")
        code = "import bridge; bridge.run(__import__('asyncio').sleep(0)); print(bridge.__file__)"
        assert "installed" in run(sys.executable, "-c", code, cwd=tmp_path / "installed")


def test_all_is_every_extra_for_running() -> None:
    (everything,) = EXTRAS["all"]
    named = set(everything.removeprefix("gevent-bridge[").removesuffix("]").split(","))
    assert named == set(EXTRAS) - {"all", "bench", "docs", "fuzz", "lint", "test"}


def test_extras_for_work_on_the_project() -> None:
    assert {"test", "lint", "bench", "docs", "fuzz"} <= set(EXTRAS)


def test_wheels_are_built_for_every_python_and_platform() -> None:
    pytest.importorskip("cibuildwheel")
    for platform, archs in (("linux", {"x86_64", "aarch64"}), ("macos", {"x86_64", "arm64"})):
        command = [sys.executable, "-m", "cibuildwheel", "--print-build-identifiers", "--platform", platform]
        names = run(*command, cwd=REPOSITORY).split()
        assert {name.partition("-")[0] for name in names} == {"cp311", "cp312", "cp313", "cp314"}
        assert {arch for arch in archs for name in names if name.endswith(arch)} == archs
