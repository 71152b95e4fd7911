"""A helper's own process: a loop, its channel, and one greenlet that does the work."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Final

import bridge
from bridge.lowlevel import direct_runner
from engine.channels import Lane, WorkerSide
from engine.signals.agent import Agent
from engine.uwsgi_api.helpers.deadlines import Deadlines

__all__ = ["HelperProcess"]

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class HelperProcess:
    """Runs *work* in a greenlet until that ends or the process is told to.

    :param stop: asks *work* to end; after *mercy* seconds its greenlet is killed
    """

    def __init__(
        self,
        channel: WorkerSide,
        agent: Agent,
        work: Callable[[], None],
        stop: Callable[[], None],
        mercy: float,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._channel = channel
        self._agent = agent
        self._work = work
        self._stop_work = stop
        self._mercy = mercy
        self._deadlines = deadlines

    def run(self) -> int:
        """Return the exit status of the process."""
        with asyncio.Runner(loop_factory=bridge.new_event_loop) as runner:
            return runner.run(self._main())

    async def _main(self) -> int:
        loop = asyncio.get_running_loop()
        bridge.attach()
        if self._deadlines is not None:
            self._deadlines.serve(loop)
        self._asked = asyncio.Event()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._asked.set)
        channel, agent = self._channel, self._agent
        channel.on(Lane.SIGNALS, agent.deliver)

        def watch_writing() -> None:
            loop.call_soon_threadsafe(self._watch_writing, loop)

        channel.on_backlog = watch_writing
        loop.add_reader(channel.fileno(), self._read, loop)
        agent.connect(lambda data: channel.send(Lane.SIGNALS, data))
        agent.serve(loop.call_soon, direct_runner())
        self._watch_writing(loop)
        greenlet = bridge.spawn(self._work)
        work = bridge.future(greenlet)
        asked = asyncio.ensure_future(self._asked.wait())
        await asyncio.wait([work, asked], return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        agent.leave()
        if not work.done():
            self._stop_work()
            await asyncio.wait([work], timeout=self._mercy)
        if not work.done():
            work.cancel()  # kills the greenlet: its finally blocks run
            await asyncio.wait([work], timeout=self._mercy)
        return 1 if work.done() and not work.cancelled() and work.exception() is not None else 0

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        self._channel.dispatch()
        if self._channel.closed:
            loop.remove_reader(self._channel.fileno())
            self._asked.set()  # the master is gone

    def _watch_writing(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._channel.wants_write and not self._channel.closed:
            loop.add_writer(self._channel.fileno(), self._flush, loop)

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._channel.flush():
            loop.remove_writer(self._channel.fileno())
