"""Context variables cross with the call."""

from __future__ import annotations

import contextvars

from benchmarks.features.libraries.base import Library

LABEL = "context variables in and out"
TESTS = "`bridge/interop/test_adapters.py`"

variable = contextvars.ContextVar("variable", default="nothing")


def check_from_the_task_into_blocking_code(library: Library) -> None:
    async def main() -> None:
        variable.set("of the task")
        assert await library.call_in_context(variable.get) == "of the task"

    library.run(main)


def check_from_blocking_code_back_to_the_task(library: Library) -> None:
    def blocking() -> None:
        variable.set("of the greenlet")

    async def main() -> None:
        await library.call_in_context(blocking)
        assert variable.get() == "of the greenlet", variable.get()

    library.run(main)


def check_from_blocking_code_into_a_coroutine(library: Library) -> None:
    async def looks() -> str:
        return variable.get()

    def blocking() -> object:
        variable.set("of the greenlet")
        return library.wait(looks())

    async def main() -> None:
        found = await library.call_in_context(blocking)
        assert found == "of the greenlet", found

    library.run(main)
