from bridge._clock cimport monotonic
from bridge._hub.running_loop cimport get_running_loop, set_running_loop
from bridge._hub.scheduler cimport Scheduler

cdef class Trampoline(Scheduler):
    cdef public object _runner
    cdef public object _token
    cdef public object _direct
    cdef public object _ext
    cdef public object _ext_aio
    cdef public object _driver
    cdef public bint _driver_running
    cdef public object _private
    cdef public bint _break
    cdef public bint _turn_ended

    cpdef _enter_hub(self)
    cpdef bint _interrupted_by_signal(self, bint is_hub) except -1
    cpdef _run_until_idle(self, bint is_hub)
    cpdef _run_passes(self)
    cpdef _drain_soon(self)
    cpdef _switch_to(self, target)
