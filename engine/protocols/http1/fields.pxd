cpdef tuple plain_fields(bytes head, Py_ssize_t start)
