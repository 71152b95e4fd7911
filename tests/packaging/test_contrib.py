"""The files of ``contrib``: every command line and configuration in them is one the server takes."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.engine_process import REPOSITORY, EngineProcess, run_engine
from tests.support.http_client import get
from tests.support.ports import free_port
from tests.support.processes import ServerProcess
from tests.support.uwsgi_client import uwsgi_request
from tests.support.waiting import wait_until

CONTRIB = REPOSITORY / "contrib"
UNITS = CONTRIB / "systemd"
UNIT = (UNITS / "gevent-engine@.service").read_text()
CONTAINERFILE = (CONTRIB / "container/Containerfile").read_text()
MANIFEST = list(yaml.safe_load_all((CONTRIB / "kubernetes/shop.yaml").read_text()))

APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [])
    return [b"hello"]
"""

pytestmark = pytest.mark.e2e


def check_config(*options: str) -> None:
    result = run_engine(*options, "--check-config")
    assert result.returncode == 0, result.stdout + result.stderr


def read_ini(text: str) -> dict[str, str]:
    parser = ConfigParser(interpolation=None, comment_prefixes=(";", "#"))
    parser.read_string(text)
    return dict(parser["uwsgi"])


def ini_for_here(text: str, tmp_path: Path) -> Path:
    """Write the file with directories that exist here."""
    path = tmp_path / "shop.ini"
    path.write_text(re.sub(r"^chdir = .*", f"chdir = {tmp_path}", text, flags=re.M))
    return path


# -- systemd


def setting(text: str, name: str) -> str:
    match = re.search(rf"^{name}=(.*)$", text, re.M)
    assert match is not None, name
    return match[1]


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze on this machine")
    for path in UNITS.glob("gevent-engine@.*"):
        # As the instance "root", a user there is; the program has to be one that exists.
        text = path.read_text().replace("/srv/%i/venv/bin/gevent-engine", sys.executable)
        (tmp_path / path.name.replace("@", "@root")).write_text(text)
    command = [program, "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    result = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    ours = [line for line in result.stderr.splitlines() if "gevent-engine" in line or str(tmp_path) in line]
    assert not ours, result.stderr
    assert result.returncode == 0, result.stderr


def test_the_command_and_the_file_of_the_unit(tmp_path: Path) -> None:
    text = (UNITS / "shop.ini").read_text()
    path = ini_for_here(text, tmp_path)
    program, *options = shlex.split(setting(UNIT, "ExecStart").replace("%i", "shop"))
    assert program.endswith("/gevent-engine")
    assert options == ["--ini", "/etc/gevent-engine/shop.ini"]
    check_config("--ini", str(path))
    socket = setting((UNITS / "gevent-engine@.socket").read_text(), "ListenStream")
    assert read_ini(text)["socket"] == socket.replace("%i", "shop")
    assert int(setting(UNIT, "TimeoutStopSec")) > int(read_ini(text)["worker-reload-mercy"])


def test_the_socket_that_systemd_passes_on_is_served(tmp_path: Path) -> None:
    program = shutil.which("systemd-socket-activate")
    if program is None:
        pytest.skip("no systemd-socket-activate on this machine")
    (tmp_path / "shop.py").write_text(APPLICATION)
    socket = tmp_path / "shop.sock"
    text = (UNITS / "shop.ini").read_text().replace("/run/gevent-engine/shop.sock", str(socket))
    path = ini_for_here(text.replace("/run/gevent-engine-shop", str(tmp_path)), tmp_path)
    command = [
        program,
        "--setenv=PYTHONPATH",
        "-l",
        str(socket),
        sys.executable,
        "-m",
        "engine",
        "--ini",
        str(path),
    ]
    environment = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])}
    with ServerProcess(command, env=environment, cwd=tmp_path) as server:
        server.wait_for_log(f"Listening on {socket}")
        # The first connection starts it, and is answered.
        assert uwsgi_request(socket, "GET", "/").body == b"hello"


# -- container


def words(instruction: str) -> list[str]:
    match = re.search(rf"^{instruction} (\[.*\])$", CONTAINERFILE, re.M)
    assert match is not None, instruction
    found: list[str] = json.loads(match[1])
    return found


def test_the_command_of_the_image() -> None:
    program, *options = [*words("ENTRYPOINT"), *words("CMD")]
    assert program == "gevent-engine"
    check_config(*options)


def test_the_image_serves_and_is_healthy(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APPLICATION)
    http, stats = ("127.0.0.1", free_port()), ("127.0.0.1", free_port())
    options = [*words("ENTRYPOINT")[1:], *words("CMD")]
    options = [
        {":8000": f"127.0.0.1:{http[1]}", "127.0.0.1:9191": f"127.0.0.1:{stats[1]}"}.get(o, o)
        for o in options
    ]
    health = re.search(r"HEALTHCHECK.*?CMD (\[.*?\])$", CONTAINERFILE, re.S | re.M)
    assert health is not None
    _, *check = json.loads(health[1].replace(":9191", f":{stats[1]}"))
    with EngineProcess(*options, addresses=[http], cwd=tmp_path) as engine:
        engine.wait_ready()
        assert get(http, "/").body == b"hello"
        wait_until(lambda: get(stats, "/ready").status == 200, timeout=20, what="readiness")
        assert subprocess.run([sys.executable, *check], timeout=20, check=False).returncode == 0
    assert subprocess.run(
        [sys.executable, *check], timeout=20, check=False, stderr=subprocess.DEVNULL
    ).returncode


# -- Kubernetes


def kind(name: str) -> dict[str, Any]:
    (found,) = [part for part in MANIFEST if part["kind"] == name]
    return dict(found)


@pytest.fixture
def pod() -> dict[str, Any]:
    return dict(kind("Deployment")["spec"]["template"]["spec"])


@pytest.fixture
def ini() -> str:
    return str(kind("ConfigMap")["data"]["shop.ini"])


def test_the_manifest_is_what_the_schemas_of_kubernetes_allow() -> None:
    validator = pytest.importorskip("kubernetes_validate")
    for part in MANIFEST:
        validator.validate(part, validator.latest_version(), strict=True)


def test_names_and_labels_of_the_manifest_fit() -> None:
    assert {part["kind"]: part["apiVersion"] for part in MANIFEST} == {
        "ConfigMap": "v1",
        "Deployment": "apps/v1",
        "Service": "v1",
        "PodDisruptionBudget": "policy/v1",
    }
    template = kind("Deployment")["spec"]["template"]
    labels = template["metadata"]["labels"]
    selectors = [
        kind("Deployment")["spec"]["selector"]["matchLabels"],
        kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        kind("Service")["spec"]["selector"],
    ]
    assert all(selector == labels for selector in selectors)
    (container,) = template["spec"]["containers"]
    volumes = {volume["name"] for volume in template["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes


def test_the_command_and_the_file_of_the_pod(pod: dict[str, Any], ini: str, tmp_path: Path) -> None:
    (container,) = pod["containers"]
    assert container["command"] == ["gevent-engine", "--ini", "/etc/shop/shop.ini"]
    assert container["volumeMounts"][0]["mountPath"] == "/etc/shop"
    check_config("--ini", str(ini_for_here(ini, tmp_path)))


def test_ports_and_probes_are_those_of_the_file(pod: dict[str, Any], ini: str) -> None:
    (container,) = pod["containers"]
    options = read_ini(ini)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert f":{ports['http']}" == options["http-socket"]
    assert f":{ports['stats']}" == options["stats"]
    assert options["stats-http"] == "true"
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")}
    assert {probe["port"] for probe in probes.values()} == {"stats"}
    assert [probe["path"] for probe in probes.values()] == ["/ready", "/ready", "/health"]
    assert kind("Service")["spec"]["ports"][0]["targetPort"] == "http"


def test_a_pod_has_the_time_to_drain(pod: dict[str, Any], ini: str) -> None:
    (container,) = pod["containers"]
    program, seconds = container["lifecycle"]["preStop"]["exec"]["command"]
    assert program == "sleep"
    options = read_ini(ini)
    mercy = int(options["worker-reload-mercy"])
    assert mercy > int(options["harakiri"])
    assert pod["terminationGracePeriodSeconds"] >= int(seconds) + mercy + 5
