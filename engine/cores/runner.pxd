from engine.cores.pool cimport CorePool

cdef class Runner:
    cdef public CorePool pool
    cdef object _serve
    cdef object _log
    cdef object _run_now
    cdef double _last_warning
    cdef public list greenlets
    cdef public list served
    cdef list _idle_callbacks
    cdef bint _was_full
    cdef public object on_full
    cdef public object on_free

    cpdef look_idle(self)
    cdef _release(self, int core)
    cdef _warn_full(self)
