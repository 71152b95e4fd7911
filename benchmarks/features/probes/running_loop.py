"""gevent's own functions in a greenlet, while asyncio's own loop polls and runs tasks."""

from __future__ import annotations

import asyncio

from benchmarks.features.libraries.base import Library
from benchmarks.features.ticking import expect_turning

LABEL = "gevent on asyncio's own loop"
TESTS = "`bridge/interop/test_servers.py`"


def check_a_greenlet_sleeps_while_tasks_go_on(library: Library) -> None:
    library.needs_gevent()
    library.load()

    def nap() -> str:
        import gevent

        gevent.sleep(0.1)
        return "slept"

    async def main() -> None:
        selector: object = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]
        assert type(selector).__module__ == "selectors", f"what polls is {type(selector).__module__}"
        await expect_turning(library.call(nap), "slept")

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main())
