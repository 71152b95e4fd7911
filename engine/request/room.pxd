from cpython.ref cimport PyObject

cdef class Room:
    cdef PyObject* _data
    cdef Py_ssize_t _place
    cdef readonly Py_ssize_t have
    cdef readonly Py_ssize_t size

    cpdef put(self, bytes data)
    cpdef Py_ssize_t receive(self, int fd, Py_ssize_t most) except -1
    cpdef bytes take(self)
    cdef int _make_place(self, Py_ssize_t end) except -1
