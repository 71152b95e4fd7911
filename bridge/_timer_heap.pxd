cdef class TimerHeap:
    cdef public list _entries
    cdef long long _serial
    cdef public Py_ssize_t _dead

    cpdef list push(self, double due, timer)
    cpdef cancel(self, list entry)
    cpdef double next_due(self)
    cpdef list pop_due(self, double now)
    cpdef settle(self, list entry)
