"""Start and end of an ASGI application in one worker (ASGI Lifespan specification 2.0)."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from engine.errors import AppLoadError, ReplyError
from engine.interfaces import ASGIApp, Message, Scope

__all__ = ["Lifespan"]


class Lifespan:
    """One application's lifespan: a task that is there as long as the worker serves.

    :param name: the application, for messages
    :param mode: ``auto`` puts up with an application that raises on the ``lifespan`` scope, ``on`` does not
    :param start: makes the task
    """

    def __init__(
        self,
        app: ASGIApp,
        name: str,
        mode: Literal["auto", "on"],
        log: Callable[[str], None],
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self._app = app
        self._name = name
        self._mode = mode
        self._log = log
        self._start = start
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None
        self._failure: str | None = None
        self._asked = 0
        self._started = asyncio.Event()
        self._leave = asyncio.Event()
        self._left = asyncio.Event()
        self.state: dict[str, Any] = {}
        """What the application leaves for its requests."""

    async def startup(self) -> None:
        """Return when the application may get requests.

        :raises AppLoadError: if it says that it failed, or, with mode ``on``, if it has no lifespan
        """
        self._task = self._start(self._run())
        await self._started.wait()
        if self._failure is not None:
            reason = f": {self._failure}" if self._failure else ""
            raise AppLoadError(
                f"{self._name} refuses to start (lifespan.startup.failed){reason}"
            ) from self._error
        if self._error is not None and self._mode == "on":
            raise AppLoadError(
                f"{self._name} raised {self._error!r} on the ASGI lifespan scope, and --lifespan is on; "
                "handle scope['type'] == 'lifespan', or leave the option out"
            ) from self._error

    async def _run(self) -> None:
        scope: Scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        serving = False
        try:
            await self._app(scope, self._receive, self._send)
        except BaseException as exc:
            self._error = exc
            serving = self._started.is_set() and self._failure is None
            if isinstance(exc, asyncio.CancelledError):
                raise
            if serving:
                self._log(f"{self._name}: lifespan ended with an exception\n{_text(exc)}")
        finally:
            self._started.set()
            self._left.set()

    async def _receive(self) -> Message:
        self._asked += 1
        if self._asked == 1:
            return {"type": "lifespan.startup"}
        await self._leave.wait()
        if self._asked > 2:
            await asyncio.get_running_loop().create_future()  # there is nothing more to tell
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "lifespan.startup.complete" and not self._started.is_set():
            self._started.set()
        elif kind == "lifespan.startup.failed" and not self._started.is_set():
            self._failure = str(message.get("message", "")).strip()
            self._started.set()
        elif kind == "lifespan.shutdown.complete" and self._leave.is_set():
            self._left.set()
        elif kind == "lifespan.shutdown.failed" and self._leave.is_set():
            text = str(message.get("message", "")).strip()
            self._log(f"{self._name}: lifespan.shutdown.failed" + (f": {text}" if text else ""))
            self._left.set()
        else:
            raise ReplyError(f"the ASGI message {kind!r} is not for now in the lifespan of {self._name}")

    async def shutdown(self, limit: float) -> None:
        """Let the application end, for *limit* seconds at most."""
        task = self._task
        if task is None:
            return
        if not task.done():
            self._leave.set()
            try:
                async with asyncio.timeout(limit):
                    await self._left.wait()
                    await asyncio.wait([task], timeout=min(1.0, limit))
            except TimeoutError:
                self._log(f"{self._name}: lifespan shutdown did not end in {limit:.1f} seconds")
        if not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=1.0)

    def __repr__(self) -> str:
        return f"<Lifespan of {self._name}>"


def _text(exc: BaseException) -> str:
    return "".join(traceback.format_exception(exc)).rstrip()
