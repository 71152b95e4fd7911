cdef class VariableReader:
    cdef list _pairs
    cdef list _keys
    cdef list _values

    cpdef dict read(self, bytes block, Py_ssize_t most)
    cdef bint _begins(self, Py_ssize_t place, const unsigned char* pair, Py_ssize_t size, bint whole)
    cdef _keep(self, Py_ssize_t place, bytes pair, str key, str value)
