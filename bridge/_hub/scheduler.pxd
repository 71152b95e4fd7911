cimport cython

from bridge._callbacks cimport CallbackQueue, callback, new_callback
from bridge._clock cimport monotonic
from bridge._poller cimport Poller
from bridge._state cimport LoopState
from bridge._watchers.io cimport FdEntry, new_io
from bridge._watchers.timer cimport new_timer, timer as timer_watcher
from bridge._watchers.timer_heap cimport TimerHeap

cdef class Scheduler(LoopState):
    cdef public object error_handler
    cdef public object _thread_ident
    cdef public CallbackQueue _callbacks
    cdef public object _incoming
    cdef public object _fired
    cdef public object _expired
    cdef public TimerHeap _timers
    cdef public set _held
    cdef public dict _fds
    cdef public list _dirty
    cdef public list _always_ready
    cdef public bint _on_uvloop
    cdef public Poller _poller
    cdef public list _prepares
    cdef public list _checks
    cdef public list _idles
    cdef public long long _passes
    cdef public bint _want_pass
    cdef public bint _drain_queued
    cdef public bint _wake_sent
    cdef public double _armed_at
    cdef public object _timer_handle
    cdef public long long _events_seen
    cdef public long long _idle_mark
    cdef public bint _interrupted
    cdef object __weakref__

    cpdef _add_timer(self, t, double due)
    cpdef _cancel_timer(self, t)
    cpdef _fd_entry(self, int fd)
    cpdef _hold(self, w)
    cpdef _release(self, w)
    cpdef _fire_threadsafe(self, w)
    cpdef _wake_threadsafe(self)
    cpdef _mark_dirty(self, entry)
    @cython.locals(queue=CallbackQueue, cb=callback, following=callback, left=int, give_up_at=double, now=double)
    cpdef bint _run_callbacks(self) except -1
    @cython.locals(entry=FdEntry)
    cpdef bint _run_fired(self) except -1
    @cython.locals(now=double, t=timer_watcher)
    cpdef bint _run_timers(self) except -1
    @cython.locals(t=timer_watcher)
    cpdef bint _run_expired(self, double now) except -1
    @cython.locals(seen=cython.longlong, busy=bint)
    cpdef bint _run_pass(self) except -1
    cpdef _run_phase(self, list watchers)
    @cython.locals(poller=Poller, index=int, fd=int, entry=FdEntry)
    cpdef _poll(self)
    cpdef _new_poller(self)
    cpdef bint _has_work(self) except -1
    cpdef bint _alive(self) except -1
    cpdef _settle(self)
    cpdef _arm_timer(self, aio)
    @cython.locals(entry=FdEntry)
    cpdef _register_dirty(self)
    @cython.locals(poller=Poller)
    cpdef _register(self, FdEntry entry)
    cpdef _take_incoming(self)
