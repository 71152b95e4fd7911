"""``partly.py selector|uvloop name``: all but one module is patched, or with ``+name`` only that one."""

import sys

import gevent.monkey

import bridge  # noqa: F401

name = sys.argv[2]
if name.startswith("+"):
    getattr(gevent.monkey, f"patch_{name[1:]}")()
else:
    gevent.monkey.patch_all(**{name: False})

import asyncio  # noqa: E402

import checks  # noqa: E402
import uvloop  # noqa: E402


async def main() -> None:
    for check in (
        checks.to_thread_runs_in_a_native_thread,
        checks.run_in_executor_reports_results_and_errors,
        checks.getaddrinfo_and_getnameinfo,
        checks.create_subprocess_exec,
        checks.create_subprocess_shell,
        checks.streams_client_and_server,
        checks.pipes,
        checks.add_signal_handler,
        checks.call_soon_from_a_greenlet_in_debug_mode,
    ):
        async with asyncio.timeout(10):
            await check()


factory = uvloop.new_event_loop if sys.argv[1] == "uvloop" else asyncio.SelectorEventLoop
for _ in range(2):
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
print("ok")
