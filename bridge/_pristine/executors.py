"""What ``asyncio.to_thread`` and ``loop.run_in_executor(None, ...)`` run functions in.

Under gevent's patching the standard executor's workers are greenlets.  Then a
function that blocks in C stops the loop, and submitting one from a callback
blocks the host (``Thread.start`` waits).  So the default executor of a loop
gets native threads; greenlets are to be had on request (:func:`choose`).
Executors that programs make themselves stay what gevent makes of them.
"""

from __future__ import annotations

import concurrent.futures.thread
import os
import threading
import weakref
from _queue import SimpleQueue
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, TypeVar

import gevent
from gevent.lock import Semaphore

from bridge._pristine.threads import NativeThread, native_lock, native_rlock

__all__ = ["DefaultExecutor", "GreenletExecutor", "NativeExecutor", "choose", "chosen"]

T = TypeVar("T")
KINDS: Final = ("thread", "greenlet")
VARIABLE: Final = "BRIDGE_EXECUTOR"

# Its private parts are used too: they say what happens when the interpreter ends.
_cf_thread: Any = concurrent.futures.thread

_choice: str | None = None


def choose(kind: str) -> None:
    """Let the default executors made from now on run functions in native threads or in greenlets.

    :param kind: ``"thread"`` or ``"greenlet"``
    :raises ValueError: if it is neither
    """
    global _choice
    _choice = _checked(kind, "bridge_executor")


def chosen() -> str:
    """Return ``"thread"`` or ``"greenlet"``: what was chosen, else ``BRIDGE_EXECUTOR``, else ``"thread"``."""
    return _choice or _checked(os.environ.get(VARIABLE) or "thread", VARIABLE)


def _checked(kind: str, where: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"{where}={kind!r} is not known; use 'thread' or 'greenlet'.")
    return kind


class _NativeFuture(Future[T]):
    """A future whose lock any native thread may take without making a hub.

    The condition's *waiters* are gevent's: a greenlet that calls ``result()``
    parks, and is woken from the worker's thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self._condition = threading.Condition(native_rlock())


class _Job:
    """One submitted call."""

    __slots__ = ("args", "fn", "future", "kwargs")

    def __init__(
        self, future: Future[Any], fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.future, self.fn, self.args, self.kwargs = future, fn, args, kwargs

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.fn(*self.args, **self.kwargs)
        except BaseException as exc:
            self.future.set_exception(exc)
            del self  # break the cycle exception -> traceback -> frame -> job -> future -> exception
        else:
            self.future.set_result(result)


def _default_size() -> int:
    """As many threads as the standard library's executor has."""
    count = getattr(os, "process_cpu_count", os.cpu_count)()
    return min(32, (count or 1) + 4)


class NativeExecutor(concurrent.futures.thread.ThreadPoolExecutor):
    """A thread pool of native threads, also when ``threading`` is patched.

    A subclass, because asyncio refuses anything else as default executor; but
    nothing of the base class is used: its workers, queue and locks are
    greenlet-based under patching, and differ between Python versions.
    Workers end with the interpreter, with :meth:`shutdown`, or when nobody
    holds the executor any more.
    """

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._start_with = (initializer, initargs)
        self._max_workers = max_workers or _default_size()
        self._thread_name_prefix = thread_name_prefix or "native"
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._lock = native_lock()
        self._unfinished = 0
        self._workers: list[NativeThread] = []
        self._ending = False
        self._broken_by: BaseException | None = None

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Queue a call and return its future.  Never blocks; may be called in any thread or greenlet.

        :raises RuntimeError: after :meth:`shutdown`, or when the interpreter ends
        :raises BrokenThreadPool: if the initializer failed
        """
        with self._lock:
            if self._broken_by is not None:
                raise _cf_thread.BrokenThreadPool("A thread initializer failed") from self._broken_by
            if self._ending:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if _cf_thread._shutdown:
                raise RuntimeError("cannot schedule new futures after interpreter shutdown")
            future: Future[T] = _NativeFuture()
            self._jobs.put(_Job(future, fn, args, kwargs))
            self._unfinished += 1
            if len(self._workers) < min(self._unfinished, self._max_workers):
                self._add_worker()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls.

        :param wait: block this native thread until the workers have ended
        :param cancel_futures: drop what has not begun
        """
        with self._lock:
            self._ending = True
            workers = list(self._workers)
            if cancel_futures:
                self._drop_jobs(None)
            self._jobs.put(None)
        if wait:
            for worker in workers:
                worker.join()

    def _add_worker(self) -> None:
        jobs = self._jobs
        worker = NativeThread(
            target=_work,
            name=f"{self._thread_name_prefix}_{len(self._workers)}",
            args=(weakref.ref(self, lambda _: jobs.put(None)), jobs, *self._start_with),
        )
        self._workers.append(worker)
        worker.start()
        # concurrent.futures wakes and joins, when the interpreter ends, what it finds here.
        _cf_thread._threads_queues[worker] = jobs

    def _drop_jobs(self, reason: BaseException | None) -> None:
        while not self._jobs.empty():
            job = self._jobs.get_nowait()
            if job is None:
                continue
            self._unfinished -= 1
            if reason is None:
                job.future.cancel()
            else:
                job.future.set_exception(
                    _cf_thread.BrokenThreadPool(f"A thread initializer failed: {reason!r}")
                )

    def _break(self, reason: BaseException) -> None:
        with self._lock:
            self._broken_by = reason
            self._drop_jobs(reason)

    def _done_with_one(self) -> None:
        with self._lock:
            self._unfinished -= 1


def _work(
    ref: weakref.ref[NativeExecutor],
    jobs: SimpleQueue[_Job | None],
    initializer: Callable[..., object] | None,
    initargs: tuple[Any, ...],
) -> None:
    """Run jobs until told to stop; holds the executor only for moments, so that it can be collected."""
    if initializer is not None:
        try:
            initializer(*initargs)
        except BaseException as exc:
            executor = ref()
            if executor is not None:
                executor._break(exc)
            return
    while True:
        job = jobs.get()
        if job is not None:
            job.run()
            del job
            executor = ref()
            if executor is not None:
                executor._done_with_one()
            del executor
            continue
        executor = ref()
        if executor is None or executor._ending or _cf_thread._shutdown:
            jobs.put(None)  # for the next worker
            return
        del executor


class GreenletExecutor(concurrent.futures.thread.ThreadPoolExecutor):
    """Runs each call in a greenlet of the thread that submits it.

    For programs whose blocking calls are all cooperative.  A call that blocks
    in C stops everything else, the loop too.

    :param max_workers: how many calls run at a time; None means any number
    """

    def __init__(
        self,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        if initializer is not None:
            raise TypeError("greenlets have no initializer; call it before the first submit()")
        self._slots: AbstractContextManager[object] = (
            nullcontext() if max_workers is None else Semaphore(max_workers)
        )
        self._greenlets: dict[gevent.Greenlet[..., None], _Job] = {}
        self._ending = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Spawn a greenlet for the call and return its future.

        :raises RuntimeError: after :meth:`shutdown`
        """
        if self._ending:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[T] = Future()
        job = _Job(future, fn, args, kwargs)
        greenlet = gevent.spawn(self._run, job)
        self._greenlets[greenlet] = job
        greenlet.rawlink(self._forget)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls.

        :param wait: park this greenlet until all calls have ended
        :param cancel_futures: drop what has not begun
        """
        self._ending = True
        if cancel_futures:
            for job in list(self._greenlets.values()):
                job.future.cancel()
        if wait:
            gevent.joinall(list(self._greenlets))

    def _run(self, job: _Job) -> None:
        with self._slots:
            job.run()

    def _forget(self, greenlet: gevent.Greenlet[..., None]) -> None:
        self._greenlets.pop(greenlet, None)


class _AnyThreadPool(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, concurrent.futures.thread.ThreadPoolExecutor)


class DefaultExecutor(metaclass=_AnyThreadPool):
    """What asyncio finds under the name ``concurrent.futures.ThreadPoolExecutor``.

    Called, it makes the executor that was chosen; every real
    ``ThreadPoolExecutor`` counts as an instance, because
    ``loop.set_default_executor`` checks.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        kind = GreenletExecutor if chosen() == "greenlet" else NativeExecutor
        return kind(*args, **kwargs)
