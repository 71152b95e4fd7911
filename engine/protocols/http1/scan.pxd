cpdef Py_ssize_t line_end(bytes data)
cpdef bint is_one_head(bytes data)
cpdef bint has_escape(bytes path)
cpdef bytes rest_of(bytes data, Py_ssize_t start)
