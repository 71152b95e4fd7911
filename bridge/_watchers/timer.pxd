from bridge._watchers.base cimport watcher

cdef class timer(watcher):
    cdef public double _after
    cdef public double _repeat
    cdef public list _entry

    cpdef _arm(self, double delay)
    cpdef _expire(self, double due, double now)
