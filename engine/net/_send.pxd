cpdef Py_ssize_t send_now(int fd, bytes data) except -1
