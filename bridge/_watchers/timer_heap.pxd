cimport cython

from bridge._watchers.base cimport watcher

cdef Py_ssize_t _NOWHERE
cdef Py_ssize_t _DUE
cdef Py_ssize_t _KEPT
cdef double _NEVER

cdef class Deadline(watcher):
    cdef public double _due
    cdef public Py_ssize_t _place
    cdef public long long _serial

    cpdef _setup_deadline(self)
    cpdef bint _is_set(self)
    cpdef bint _take_turn(self)

cdef class TimerHeap:
    cdef public list _entries
    cdef long long _serial
    cdef public Py_ssize_t count

    @cython.locals(place=Py_ssize_t, entries=list)
    cpdef push(self, Deadline t, double due)
    @cython.locals(place=Py_ssize_t, entries=list, last=Deadline)
    cpdef remove(self, Deadline t)
    @cython.locals(place=Py_ssize_t, entries=list, last=Deadline)
    cdef Deadline _take_last(self)
    @cython.locals(entries=list, first=Deadline)
    cpdef double next_due(self)
    @cython.locals(entries=list, found=list, first=Deadline, last=Deadline)
    cpdef list pop_due(self, double now)
    @cython.locals(entries=list, above=Py_ssize_t, parent=Deadline)
    cdef _rise(self, Deadline t, Py_ssize_t place)
    @cython.locals(entries=list, size=Py_ssize_t, below=Py_ssize_t, child=Deadline, other=Deadline)
    cdef _sink(self, Deadline t, Py_ssize_t place)

cdef bint _before(Deadline one, Deadline other) noexcept
