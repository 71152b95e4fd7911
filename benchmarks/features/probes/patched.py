"""asyncio's own functions after the library has patched the standard library.  asyncio is imported later."""

from __future__ import annotations

from typing import Any

from benchmarks.features.libraries.base import Library

LABEL = "asyncio usable after `patch_all()`"
TESTS = "`bridge/monkey/`"


def check_streams(library: Library) -> None:
    library.patch()
    import asyncio

    async def main() -> None:
        async def answers(reader: Any, writer: Any) -> None:
            writer.write((await reader.readline()).upper())
            writer.close()

        server = await asyncio.start_server(answers, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"hello\n")
        assert await reader.readline() == b"HELLO\n"
        writer.close()
        server.close()

    asyncio.run(main())


def check_to_thread(library: Library) -> None:
    library.patch()
    import asyncio

    async def main() -> None:
        assert await asyncio.to_thread(lambda: 42) == 42

    asyncio.run(main())


def check_subprocess(library: Library) -> None:
    library.patch()
    import asyncio

    async def main() -> None:
        process = await asyncio.create_subprocess_exec("echo", "hello", stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        assert said == b"hello\n"
        assert process.returncode == 0

    asyncio.run(main())


def check_resolver(library: Library) -> None:
    library.patch()
    import asyncio

    async def main() -> None:
        found = await asyncio.get_running_loop().getaddrinfo("localhost", 80)
        assert found, "no address"

    asyncio.run(main())
