cimport cython

@cython.locals(kept=dict, known=tuple)
cpdef tuple parse_status(status)
