from bridge._callbacks cimport CallbackQueue
from bridge._poller cimport Poller
from bridge._state cimport LoopState
from bridge._timer_heap cimport TimerHeap

cdef class Scheduler(LoopState):
    cdef public object error_handler
    cdef public object _thread_ident
    cdef public object _aio
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
    cdef public dict _phases
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

    cpdef list _add_timer(self, double due, t)
    cpdef _cancel_timer(self, list entry)
    cpdef _fd_entry(self, int fd)
    cpdef _mark_dirty(self, entry)
    cpdef bint _run_callbacks(self) except -1
    cpdef bint _run_fired(self) except -1
    cpdef bint _run_timers(self) except -1
    cpdef bint _run_expired(self, double now) except -1
    cpdef bint _run_pass(self) except -1
    cpdef _poll(self)
    cpdef _new_poller(self)
    cpdef bint _has_work(self) except -1
    cpdef bint _alive(self) except -1
    cpdef _settle(self)
    cpdef _arm_timer(self, aio)
    cpdef _register_dirty(self)
    cpdef _register(self, entry)
    cpdef _take_incoming(self)
