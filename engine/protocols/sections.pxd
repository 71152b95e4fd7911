cdef class FieldSection:
    cdef public list lines
    cdef public object limits
    cdef public object content_length
    cdef public Py_ssize_t size
    cdef public dict environ
