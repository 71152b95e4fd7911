cimport cython

from bridge._clock cimport monotonic
from bridge._watchers.base cimport check_callback
from bridge._watchers.timer_heap cimport Deadline

cdef class timer(Deadline):
    cdef public double _after
    cdef public double _repeat

    cpdef _setup_timer(self, loop, after, repeat, ref, priority)
    cpdef _arm(self, double delay)
    cpdef _expire(self, double now)

@cython.locals(made=timer)
cpdef timer new_timer(loop, after, repeat, ref, priority)
