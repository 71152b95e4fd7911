"""A real Jupyter kernel: its loop runs before the bridge is imported, and runs the cells."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[3]
_LONGEST = 30.0  # seconds that a cell may take

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ipykernel") is None, reason="no ipykernel"),
    pytest.mark.skipif("BRIDGE_TESTS_PATCHED" in os.environ, reason="its client needs native threads"),
]


@pytest.fixture(autouse=True)
def nothing_left() -> None:
    """Replace the check of this folder: the client has a thread with a loop in this process."""


@pytest.fixture(scope="module")
def cell() -> Iterator[Callable[[str], str]]:
    """Run a cell; return what it printed, its result, or the name and the text of its error."""
    from jupyter_client.manager import KernelManager

    manager: Any = KernelManager(kernel_name="python3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(_ROOT))
        manager.start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()

    def run(code: str) -> str:
        said = ""
        asked = client.execute(code)
        while True:
            message = client.get_iopub_msg(timeout=_LONGEST)
            content = message["content"]
            if message["parent_header"].get("msg_id") != asked:
                continue
            if message["msg_type"] == "stream":
                said += content["text"]
            elif message["msg_type"] == "execute_result":
                said += content["data"]["text/plain"]
            elif message["msg_type"] == "error":
                said += f"{content['ename']}: {content['evalue']}"
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return said

    try:
        client.wait_for_ready(timeout=_LONGEST)
        assert run("import asyncio, bridge, gevent") == ""
        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def test_greenlets_of_one_cell_are_awaited_in_the_next(cell: Callable[[str], str]) -> None:
    cell("started = [bridge.spawn(lambda n=n: gevent.sleep(0.01) or n) for n in range(5)]")
    assert cell("[await each for each in started]") == "[0, 1, 2, 3, 4]"


def test_a_blocking_call_in_a_plain_cell_is_refused(
    cell: Callable[[str], str],
) -> None:
    said = cell("gevent.sleep(30)")
    assert said.startswith("BlockingSwitchOutError")
    assert "bridge.spawn" in said
    assert cell("6 * 7") == "42"


def test_a_green_cell_may_block(cell: Callable[[str], str]) -> None:
    cell("@bridge.green\nasync def blocks():\n    gevent.sleep(0.01)\n    return 'slept'")
    assert cell("await blocks()") == "'slept'"


def test_a_greenlet_waits_for_a_coroutine_and_may_call_asyncio_run(cell: Callable[[str], str]) -> None:
    cell("async def answers():\n    await asyncio.sleep(0.01)\n    return 42")
    assert cell("await bridge.spawn(lambda: bridge.wait(answers()))") == "42"
    assert cell("await bridge.spawn(lambda: asyncio.run(answers()))") == "42"


def test_the_tree_shows_who_waits(cell: Callable[[str], str]) -> None:
    cell("def napping():\n    gevent.sleep(30)\nnap = bridge.spawn(napping)\nawait asyncio.sleep(0)")
    assert "napping: waiting for timer" in cell("print(bridge.format_tree())")
    assert (
        cell("nap.kill(block=False)\nisinstance(await asyncio.wait([bridge.future(nap)]), tuple)") == "True"
    )
