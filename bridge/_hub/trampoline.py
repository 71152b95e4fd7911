"""How control passes between the host, the hub and greenlets.

Words: the *host* is the greenlet whose stack contains the asyncio loop's
``run_forever``; the *hub* is gevent's hub greenlet, or whichever greenlet
calls ``loop.run()``; the *driver* is the host of the private loop that is
used when no user loop runs.

Theory of operation.  When asyncio reports something, it calls one of our
callbacks in the host, which notes itself as the ``token`` and switches to the
hub.  The hub runs what is queued; greenlets that become ready are switched to
from there and come back to the hub when they block.  When nothing is left the
hub switches to the token, and the host returns to asyncio, which polls.

Which greenlet is resumed next is decided by state alone, never by the Python
stack, because the hub may be re-entered while it is inside a pass (a callback
switched to a greenlet that became the new host, for example):

    direct set          the host ran a greenlet directly and wants control
                        back as soon as that greenlet blocks or ends
    token set           the host waits for the end of a pass
    neither, host runs  the host itself blocked in gevent: pump or raise
    neither, no host    a plain greenlet blocked: let the driver poll

The running asyncio loop is hidden from greenlets by the host side of every
switch and by nothing else: the hub can be re-entered, so a value saved there
could be stale.  Where the host itself blocks in gevent, what gevent looks up
in the host's greenlet does it (``bridge._hub.swapping``).
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Final

from gevent._hub_local import get_hub_if_exists
from gevent.exceptions import BlockingSwitchOutError, HubDestroyed, LoopExit
from gevent.hub import Hub
from greenlet import GreenletExit, getcurrent, greenlet

from bridge._clock import monotonic
from bridge._compat import PY314
from bridge._hub.current_task import hide_loop, show_loop, swap_current_task
from bridge._hub.depth import call_from_below
from bridge._hub.running_loop import get_running_loop, set_running_loop
from bridge._hub.scheduler import Scheduler
from bridge._hub.swapping import HostSlots, Swapping
from bridge._poller import Poller
from bridge._types import HostLoop

__all__ = ["Trampoline"]

_switch = greenlet.switch

# Private loops that an interrupt left unusable.
_broken: list[object] = []
# What uvloop says then.
_REFUSALS: Final = frozenset(
    {
        "self-pipe exists before loop run",
        "signals handling has been already setup",
        "signals handling has not been setup",
        "this event loop is already running.",
    }
)

_HOST_BLOCKED = (
    "A blocking gevent call was made directly in an asyncio callback or coroutine of a plain task, and "
    "nothing that is queued can end the wait; waiting would stop the loop. Run the function in a greenlet "
    "('await bridge.spawn(fn, ...)'), or use a green task (bridge.create_green_task) for this coroutine."
)


class Trampoline(Scheduler):
    """One thread's switching between hosts, hub and driver."""

    def __init__(self) -> None:
        super().__init__()
        self._runner: greenlet | None = None  # who runs passes: the hub, usually
        self._token: greenlet | None = None
        self._direct: greenlet | None = None
        self._ext: greenlet | None = None  # host of the user's loop
        self._ext_aio: HostLoop | None = None
        self._driver: greenlet | None = None
        self._driver_running = False
        self._private: HostLoop | None = None
        self._break = False
        self._turn_ended = False

    # -- supplied by the loop -------------------------------------------------

    def _new_private_loop(self) -> HostLoop:
        raise NotImplementedError

    def _adopt_running_loop(self, running: Any) -> bool:
        raise NotImplementedError

    def _drop_stopped_host(self) -> bool:
        raise NotImplementedError

    # -- host side: callbacks that asyncio runs ----------------------------------

    def _on_poll(self) -> None:
        """The poll descriptor is readable: something that is watched is ready."""
        if self._on_uvloop:
            self._drain_soon()
        else:
            self._enter_hub()

    def _on_timer(self) -> None:
        self._timer_handle = None
        self._armed_at = float("inf")
        if self._on_uvloop:
            self._drain_soon()
        else:
            self._enter_hub()

    def _drain_soon(self) -> None:
        """Enter the hub when libuv's own stack frames hold nothing that must stay in place.

        While libuv polls or runs timers, its loop points into the C stack of the
        host (``uv__io_poll`` keeps the batch of events there).  In the hub that
        memory holds other frames, so a call such as ``remove_reader`` or
        ``transport.close`` would write over them.  Callbacks of ``call_soon`` run
        in libuv's idle phase, which has no such pointers, and before the next poll.
        """
        aio = self._aio
        if aio is not None and not self._drain_queued:
            self._drain_queued = True
            aio.call_soon(self._drain)

    def _drain(self) -> None:
        self._drain_queued = False
        self._wake_sent = False
        self._enter_hub()

    def _enter_hub(self) -> None:
        """Switch from the host into the hub and come back when the hub has nothing left to do."""
        if self._closed:
            return
        hub = self._runner
        if hub is None or hub.dead:
            hub = self._find_hub()
            if hub is None:
                return
        host = getcurrent()
        if host is hub:
            return  # the loop is being run inside the hub: its own pass will look at the queues
        running = get_running_loop()
        task = swap_current_task(running, None) if PY314 and running is not None else None
        set_running_loop(None)
        self._token = host
        self._scheduled = True
        driving = host is self._driver
        if driving:
            self._driver_running = False
        try:
            if hub:
                _switch(hub)
            else:
                call_from_below(partial(_switch, hub))
        finally:
            if driving:
                self._driver_running = True
            set_running_loop(running)
            if task is not None:
                swap_current_task(running, task)
            self._expect_idle(hub)
            if self._token is host:
                # Not handed back: an exception was thrown into the host while
                # the hub is still inside its pass.
                self._token = None
                self._want_pass = True
            self._settle()

    @staticmethod
    def _expect_idle(hub: Any) -> None:
        """Tell gevent's blocking monitor, which knows only the hub, that a host may sit in its poll."""
        monitor = getattr(hub, "periodic_monitoring_thread", None)
        if monitor is not None:
            monitor.ignore_current_greenlet_blocking()

    def _find_hub(self) -> greenlet | None:
        hub = get_hub_if_exists()
        if hub is None or hub.dead:
            return None
        mine: object = self
        if hub.loop is not mine:
            return None  # another hub's loop is no affair of this one: that hub might never come back here
        self._runner = hub
        return hub

    def run_direct(self, target: greenlet, *args: Any) -> None:
        """Run *target* at once, from the host; return when it blocks or ends.

        *target*'s parent must be the hub (as with ``gevent.Greenlet``).  No
        other queued work runs meanwhile.  The running asyncio loop is hidden
        from *target* and visible again afterwards.
        """
        hub = self._runner
        if hub is None or hub.dead or not hub:
            # A hub that never ran must be started by a plain switch, or the
            # first greenlet to end would pass its result to Hub.run().
            self._enter_hub()
        host = getcurrent()
        running = get_running_loop()
        task = swap_current_task(running, None) if PY314 and running is not None else None
        set_running_loop(None)
        self._direct = host
        self._interrupted = True
        self._scheduled = True
        driving = host is self._driver
        if driving:
            self._driver_running = False
        try:
            if args:
                _switch(target, *args)
            else:
                _switch(target)
        finally:
            if driving:
                self._driver_running = True
            set_running_loop(running)
            if task is not None:
                swap_current_task(running, task)
            if self._direct is host:
                self._direct = None
                self._interrupted = False
                self._want_pass = True
            self._settle()

    # -- something was queued and nobody is going to look ----------------------------

    def _schedule(self) -> None:
        aio = self._aio
        if aio is None:
            running = get_running_loop()
            if running is None:
                if self._private is None and not self._closed:
                    # Not as late as the first poll: the numbers of their descriptors could be
                    # ones that careless code (gevent's own tests) closes twice.
                    self._private = self._new_private_loop()
                    if self._poller is None:
                        self._poller = self._new_poller()
                return  # the hub looks when a greenlet blocks
            if not self._adopt_running_loop(running):
                return
            aio = self._aio
            if aio is None:
                return
        self._scheduled = True
        if not self._drain_queued:
            self._drain_queued = True
            try:
                aio.call_soon(self._drain)
            except RuntimeError:  # closed under us; the next loop to be bound drains
                self._unbind()
                self._ext = self._ext_aio = None

    # -- which asyncio loop polls for us -----------------------------------------------

    def _bind(self, aio: HostLoop) -> None:
        """Let *aio* poll; registrations move over, deadlines are kept."""
        if self._aio is aio:
            return
        if self._aio is not None:
            self._unbind()
        self._aio = aio
        self._on_uvloop = type(aio).__module__.partition(".")[0] == "uvloop"
        self._drain_queued = False
        self._wake_sent = False
        if self._poller is None:
            self._poller = self._new_poller()  # now, for the reason that _schedule gives
        else:
            aio.add_reader(self._poller.fileno(), self._on_poll)

    def _new_poller(self) -> Poller:
        poller = Poller()
        if self._aio is not None:
            self._aio.add_reader(poller.fileno(), self._on_poll)
        return poller

    def _unbind(self) -> None:
        """Take everything of ours off the bound loop, which may be closed already."""
        aio = self._aio
        if aio is None:
            return
        self._aio = None
        self._disarm_timer()
        if self._poller is not None and not aio.is_closed():
            aio.remove_reader(self._poller.fileno())
        self._drain_queued = False
        self._wake_sent = False
        self._scheduled = False

    # -- hub side --------------------------------------------------------------------------

    def run(self, nowait: bool = False, once: bool = False) -> None:
        """Run until nothing referenced is active (ILoop); called by ``Hub.run``.

        :param nowait: run what is ready now, without waiting
        :param once: wait until something was run, or nothing is left that could
        """
        self._check_alive()
        me = getcurrent()
        previous = self._runner
        self._runner = me
        self._break = False
        is_hub = isinstance(me, Hub)
        try:
            if nowait or once:
                self._run_some(wait=not nowait)
            else:
                self._run_guarded(is_hub)
        except HubDestroyed:
            self._callbacks.clear()
            self._incoming.clear()
            self._fired.clear()
            self._token = self._direct = self._runner = None
            self._interrupted = self._scheduled = False
        finally:
            if not is_hub:
                self._runner = previous

    def _run_guarded(self, is_hub: bool) -> None:
        again = True
        while again:
            try:
                again = self._interrupted_by_signal(is_hub)
            except (HubDestroyed, GreenletExit):
                raise
            except BaseException:
                # One more signal, while the error that the last one raised was being reported.
                again = not self._break

    def _interrupted_by_signal(self, is_hub: bool) -> bool:
        """Run; True if a signal handler raised in the bridge's own code, which must not end the hub."""
        try:
            self._run_until_idle(is_hub)
        except (HubDestroyed, GreenletExit):
            raise
        except BaseException:
            self._report_system()
            return not self._break
        return False

    def _run_until_idle(self, is_hub: bool) -> None:
        while not self._break:
            direct = self._direct
            if direct is not None:
                self._direct = None
                self._interrupted = False
                self._switch_to(direct)
                continue
            token = self._token
            if token is not None:
                self._run_passes()
                if self._token is not token or self._direct is not None:
                    continue
                if not is_hub and token is not self._driver and (self._break or not self._alive()):
                    return  # the hub, inside its own pass below this, hands the token back
                if token is self._driver and (self._break or not self._alive()):
                    self._token = None
                    return
                self._token = None
                self._switch_to(token)
                continue
            host = self._ext
            if host is None and self._driver_running:
                host = self._driver
            if host is not None and not host.dead and is_hub:
                if not self._drop_stopped_host():
                    self._pump(host)
                continue
            self._run_passes()
            if self._token is not None or self._direct is not None:
                continue
            if self._break or not self._alive():
                return
            self._switch_to(self._ready_driver())

    def _run_passes(self) -> None:
        """Run passes while there is work, for one switch interval at most; then asyncio has its turn.

        What one greenlet sends, another often waits for, so looking again here
        saves a turn of the asyncio loop each time.
        """
        if not self._run_pass() or self._interrupted:
            return
        token = self._token
        give_up_at = monotonic() + sys.getswitchinterval()
        while self._token is token and self._run_pass() and not self._interrupted:
            if monotonic() >= give_up_at:
                return

    def _ready_driver(self) -> greenlet:
        """Return the driver, bound and ready to be switched to."""
        private = self._private
        driver = self._driver
        unused = driver is None or driver.dead
        if unused and private is not None and private.is_running():
            self._drop_broken_private()  # one more signal kept this from being seen in time
            private = None
        if private is None or private.is_closed():
            private = self._private = self._new_private_loop()
        if self._aio is not private:
            self._bind(private)
        me = getcurrent()
        if driver is None or driver.dead:
            driver = self._driver = greenlet(self._drive, me)
        elif driver.parent is not me:
            driver.parent = me
        return driver

    def _drive(self) -> None:
        """Body of the driver greenlet."""
        private = self._private
        assert private is not None
        set_running_loop(None)
        self._driver_running = True
        self._expect_idle(self._runner)
        self._settle()
        swapping = Swapping(getcurrent(), HostSlots())
        try:
            self._run_private(private)
        finally:
            swapping.undo()
            self._driver_running = False

    def _run_private(self, private: HostLoop) -> None:
        raise NotImplementedError

    def _switch_to(self, target: greenlet) -> None:
        """Switch to a host; what dies on the way back is reported, not propagated."""
        try:
            _switch(target)
        except (HubDestroyed, GreenletExit):
            raise
        except BaseException:
            driver = self._driver
            if driver is not None and driver.dead:
                # The poll itself failed (a signal handler raised, Ctrl-C): a system error.
                self._driver = None
                refused = self._on_uvloop and str(sys.exc_info()[1]) in _REFUSALS
                self._requeue(refused)
                if not refused:
                    self._report_system()
            else:
                # A raw greenlet with the hub as parent ended with an exception.
                self._report(self)

    def _requeue(self, refused: bool) -> None:
        """A callback of ours may have been lost with the poll: none counts as queued any more."""
        self._drain_queued = self._wake_sent = False
        private = self._private
        if private is not None and (refused or private.is_running()):
            self._drop_broken_private()
        else:
            self._disarm_timer()

    def _drop_broken_private(self) -> None:
        """Forget a private loop that was interrupted while uvloop was entering or leaving run_forever.

        It can never run again ("already running", "self-pipe exists").
        """
        private = self._private
        _broken.append(private)  # its destructor would complain
        if self._aio is private:
            self._unbind()
        self._private = None

    def _report_system(self) -> None:
        exc_type, exc, tb = sys.exc_info()
        try:
            self.handle_error(None, exc_type, exc, tb)
        except (HubDestroyed, GreenletExit):
            raise
        except BaseException:
            self._print_quietly()  # a broken hub.handle_error must not end the hub
        finally:
            del exc_type, exc, tb

    def _pump(self, host: greenlet) -> None:
        """The host itself waits in gevent: run what is queued, without polling, or refuse."""
        if not self._drain_queued and self._aio is not None:
            # The host may be resumed in the middle of a pass; the rest must not be forgotten.
            self._drain_queued = True
            self._aio.call_soon(self._drain)
        self._scheduled = True
        if self._has_queued() or self._timers.next_due() <= monotonic():
            self._run_pass()
            return
        try:
            host.throw(BlockingSwitchOutError(_HOST_BLOCKED))  # as gevent wakes it: see Swapping
        except (HubDestroyed, GreenletExit):
            raise
        except BaseException:
            self._report(self)

    # -- run(nowait) and run(once), also outside the hub ---------------------------------------

    def _run_some(self, wait: bool) -> None:
        """One turn: queued work, one poll, the events it found."""
        if self._callbacks.count or self._incoming:
            wait = False
        self._run_pass()
        if self._ext is not None or not (self._alive() or self._idles):
            return  # inside a user's loop only that loop may poll
        seen = self._events_seen
        self._turn_ended = False
        self._ready_driver()
        aio = self._aio
        assert aio is not None
        if not wait:
            # The second of two turns is the first one that has a poll before it.
            aio.call_soon(aio.call_soon, self._end_turn)
        while not self._break and (self._alive() or not wait):
            self._switch_to(self._ready_driver())
            while self._token is not None:
                token = self._token
                self._run_pass()
                if self._token is token:
                    self._token = None
            if self._turn_ended or (wait and self._events_seen != seen):
                return

    def _end_turn(self) -> None:
        self._turn_ended = True
        self._drain()

    def _stop_unhandled(self) -> None:
        self._break = True

    # -- destroying ---------------------------------------------------------------------------

    def _stop_driver(self) -> None:
        """Let the driver leave ``run_forever``, and close the private loop; owner thread only."""
        private = self._private
        driver = self._driver
        self._private = None
        self._driver = None
        if private is None:
            return
        if self._aio is private:
            self._unbind()
        if driver is not None and not driver.dead and driver:
            running = get_running_loop()
            private.stop()
            driver.parent = getcurrent()
            task = hide_loop(running)
            set_running_loop(private)  # type: ignore[arg-type]
            try:
                _switch(driver)
            except (LoopExit, GreenletExit):
                pass
            finally:
                show_loop(running, task)
        if not private.is_closed() and not getattr(private, "is_running", bool)():
            private.close()
