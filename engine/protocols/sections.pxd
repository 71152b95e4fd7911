cdef class FieldSection:
    cdef public list lines
    cdef public object limits
    cdef public Py_ssize_t size
    cdef public dict environ
