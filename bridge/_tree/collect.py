"""Take a picture of the process."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from types import FrameType
from typing import Any

import gevent
from gevent.hub import Hub
from greenlet import getcurrent, greenlet

from bridge._compat import get_native_ident
from bridge._interop import green, green_coroutine, green_worker
from bridge._interop.green_coroutine import GreenCoroutine
from bridge._interop.green_worker import GreenWorker
from bridge._interop.place import Worker
from bridge._tree.heap import Heap, look
from bridge._tree.model import Frame, Kind, Node, Picture, State, Thread, Wait
from bridge._tree.stacks import coroutine_frames, frames_of, greenlet_label, is_active, is_polling, task_label
from bridge._tree.waits import Waits

__all__ = ["collect"]

_GREEN = frozenset({green.__file__, green_coroutine.__file__, green_worker.__file__})
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class _Collector:
    """One picture in the making."""

    def __init__(self, heap: Heap) -> None:
        self._heap = heap
        self._frames = sys._current_frames()
        self._waits = Waits(heap)
        self._own: set[int] = set()  # hubs, drivers and hosts: machinery, not the program's
        self._idents: dict[int, int] = {}  # root greenlet -> native thread
        self._loop_threads: dict[int, int] = {}
        self._workers: dict[int, asyncio.Task[Any]] = {}  # greenlets that run code of green tasks
        self.picture = Picture(os.getpid(), {}, {})

    def run(self) -> Picture:
        """Fill the picture."""
        self._threads()
        for task in self._heap.tasks.values():
            worker = _worker_of(task)
            if worker is not None:
                self._workers[id(worker)] = task
        for task in self._heap.tasks.values():
            self._task(task)
        for g in self._heap.greenlets.values():
            self._greenlet(g)
        self._drop_unknown_nodes()
        nodes = self.picture.nodes.values()
        for ident, frame in self._frames.items():
            thread = self._thread(ident)
            if thread.loops:
                busy = any(node.thread == ident and node.state is State.RUNNING for node in nodes)
                if not busy and not is_polling(frame):
                    thread.stack = frames_of(frame)  # a callback of the loop
            elif not any(node.thread == ident for node in nodes):
                thread.stack = frames_of(frame)
        return self.picture

    # -- threads -----------------------------------------------------------------

    def _thread(self, ident: int) -> Thread:
        found = self.picture.threads.get(ident)
        if found is None:
            # Not threading.enumerate(): it takes a lock, which the interrupted code may hold.
            known: dict[int, Any] = vars(threading)["_active"]
            thread = known.get(ident)
            if thread is None and ident == _main_ident():
                thread = threading.main_thread()
            name = str(getattr(thread, "name", "")) or "native thread"
            found = self.picture.threads[ident] = Thread(ident, name)
        return found

    def _threads(self) -> None:
        here = get_native_ident()
        self._idents[id(_root(getcurrent()))] = here
        for hub in self._heap.hubs.values():
            ident = getattr(hub.loop, "_thread_ident", None) or hub.thread_ident
            self._idents[id(_root(hub))] = ident
        for each in self._heap.loops:
            ident = each._thread_ident
            thread = self._thread(ident)
            self._own.add(id(each._driver))
            if each._ext_aio is not None:
                self._loop_threads[id(each._ext_aio)] = ident
                thread.loops.append(f"{_loop_text(each._ext_aio)} hosts the hub")
                self._own.add(id(each._ext))
            elif each._private is not None:
                thread.loops.append(f"{_loop_text(each._private)}, private to the hub")
            if each._private is not None:
                self._loop_threads[id(each._private)] = ident

    def _spawned_by(self, g: greenlet) -> list[str]:
        if not isinstance(g, gevent.Greenlet):
            return []
        source = getattr(g, "spawning_greenlet", None)
        parent = source() if callable(source) else None
        if parent is None or isinstance(parent, Hub):
            return []
        task = self._workers.get(id(parent))
        if task is not None:
            name = f"Task {task_label(task)}"
        else:
            name = "main" if parent.parent is None else greenlet_label(parent)
        stack = getattr(g, "spawning_stack", None)
        while (
            stack is not None and stack.f_back is not None and stack.f_code.co_filename.startswith(_PACKAGE)
        ):
            stack = stack.f_back
        where = f" at {stack.f_code.co_filename}:{stack.f_lineno}" if stack is not None else ""
        return [f"spawned by {name}{where}"]

    def _thread_of(self, g: greenlet) -> int:
        return self._idents.get(id(_root(g)), 0)

    # -- greenlets ----------------------------------------------------------------

    def _greenlet(self, g: greenlet) -> None:
        key = id(g)
        if isinstance(g, Hub | Worker) or key in self._own:
            return
        started = is_active(g)
        waits = self._waits.by_greenlet.get(key, [])
        ready = key in self._waits.ready
        if not started and not ready and not waits:
            if isinstance(g, gevent.Greenlet):
                self.picture.unstarted += 1
            return
        node = Node(key, Kind.GREENLET, greenlet_label(g), self._thread_of(g))
        if g.parent is None:
            node.label = "main"
        frame = g.gr_frame
        if g is getcurrent():
            node.state = State.RUNNING
            frame = sys._getframe()
        elif started and frame is None and not ready and not waits and node.thread != get_native_ident():
            # Another thread's current greenlet, or one that is parked with compiled code only on its stack.
            node.state = State.RUNNING
            frame = self._frames.get(node.thread)
        elif ready:
            node.state = State.READY
        else:
            node.waits = list(waits)
        node.stack = frames_of(frame if isinstance(frame, FrameType) else None)
        node.notes = [f"limited by {text}" for text in self._waits.timeouts.get(key, ())]
        node.notes += self._spawned_by(g)
        self._thread(node.thread)
        self.picture.nodes[key] = node

    # -- tasks ------------------------------------------------------------------------

    def _task(self, task: asyncio.Task[Any]) -> None:
        aio = task.get_loop()
        frames = coroutine_frames(task.get_coro())
        ident = self._loop_threads.get(id(aio)) or getattr(aio, "_thread_id", None) or 0
        node = Node(id(task), Kind.TASK, task_label(task), ident)
        node.stack = [frame for each in frames for frame in frames_of(each)[-1:]]
        if _current_task(aio) is task:
            node.state = State.RUNNING
            if frames and ident:
                node.stack += self._above(frames[-1], ident)
        elif not self._blocked_in_gevent(node, task):
            node.waits = self._waits.of_task(task, frames)
            if not node.waits:
                node.state = State.READY
        node.notes = [f"limited by {text}" for text in self._waits.timeouts.get(id(task), ())]
        cancelling = task.cancelling()
        if cancelling:
            node.notes.append("being cancelled")
        self._thread(ident)
        self.picture.nodes[node.key] = node

    def _blocked_in_gevent(self, node: Node, task: asyncio.Task[Any]) -> bool:
        """Fill the node of a green task whose worker waits in gevent; False if it does not."""
        worker = _worker_of(task)
        if worker is None:
            return False
        deputy = worker._state.deputy
        if deputy is not None:
            node.waits = [Wait("greenlet", id(deputy))]
            self._heap.add_greenlet(deputy)
            return True
        if not worker._state.parked:
            return False
        node.waits = list(self._waits.by_greenlet.get(id(worker), ()))
        if id(worker) in self._waits.ready:
            node.state = State.READY
        node.stack = [frame for frame in frames_of(worker.gr_frame) if frame.file not in _GREEN]
        return True

    def _above(self, outer: FrameType, ident: int) -> list[Frame]:
        """Return what runs on top of a frame in its thread: a running coroutine does not tell."""
        frame = sys._getframe() if ident == get_native_ident() else self._frames.get(ident)
        inner = []
        while frame is not None and frame is not outer:
            inner.append(frame)
            frame = frame.f_back
        if frame is None:
            return []
        return [line for each in reversed(inner) for line in frames_of(each)[-1:] if _line_of(each) == line]

    def _drop_unknown_nodes(self) -> None:
        """A wait for something that is not shown (a hub's internals) is told in words only."""
        nodes = self.picture.nodes
        for node in nodes.values():
            node.waits = [self._known(wait) for wait in node.waits]

    def _known(self, wait: Wait) -> Wait:
        if wait.node in self._workers:
            return Wait("task", id(self._workers[wait.node]))
        return wait if wait.node is None or wait.node in self.picture.nodes else Wait(wait.what)


def _worker_of(task: asyncio.Task[Any]) -> GreenWorker | None:
    """Return the greenlet of a green task; None for other tasks and for one that has not begun."""
    coro: object = task.get_coro()
    return coro._worker if isinstance(coro, GreenCoroutine) else None


def _line_of(frame: FrameType) -> Frame:
    return Frame(frame.f_code.co_filename, frame.f_lineno or 0, frame.f_code.co_qualname)


def _root(g: greenlet) -> greenlet:
    while g.parent is not None:
        g = g.parent
    return g


def _main_ident() -> int | None:
    return threading.main_thread().ident


def _current_task(aio: asyncio.AbstractEventLoop) -> asyncio.Task[Any] | None:
    return asyncio.current_task(aio)


def _loop_text(aio: Any) -> str:
    cls = type(aio)
    return f"{cls.__module__}.{cls.__qualname__} at {id(aio):#x}"


def collect(*, this_thread: bool = True) -> Picture:
    """Return a picture of every greenlet and every unfinished task of the process.

    From any thread and from signal handlers; other threads go on meanwhile.

    :param this_thread: False leaves out the calling thread, a mere observer
    """
    heap = look()
    picture = _Collector(heap).run()
    if not this_thread:
        here = get_native_ident()
        picture.threads.pop(here, None)
        picture.nodes = {key: node for key, node in picture.nodes.items() if node.thread != here}
    return picture
