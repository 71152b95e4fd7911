cpdef Py_ssize_t send_now(int fd, bytes data, Py_ssize_t start=*) except -1
