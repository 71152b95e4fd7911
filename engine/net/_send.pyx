# cython: language_level=3
"""One try to give bytes to a socket, without a call through Python; see _send.py.

The interpreter lock is kept: the call never waits, and to give the lock away and get it back
costs more than the bytes of a usual reply.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_CheckSignals, PyErr_SetFromErrno
from libc.errno cimport EAGAIN, EINTR, errno

cdef extern from "<sys/socket.h>" nogil:
    Py_ssize_t send(int fd, const void* data, size_t size, int flags)
    int MSG_DONTWAIT
    int MSG_NOSIGNAL

__all__ = ["send_now"]


cpdef Py_ssize_t send_now(int fd, bytes data, Py_ssize_t start=0) except -1:
    """Give *data* from *start* on to the non-blocking socket *fd*.

    Returns how many bytes it took, 0 if it is full.

    :raises OSError: as ``os.write``
    """
    cdef Py_ssize_t sent, size = PyBytes_GET_SIZE(data)
    if start < 0 or start > size:
        raise ValueError(f"start {start} in {size} bytes")
    while True:
        sent = send(fd, PyBytes_AS_STRING(data) + start, size - start, MSG_DONTWAIT | MSG_NOSIGNAL)
        if sent >= 0:
            return sent
        if errno == EAGAIN:
            return 0
        if errno != EINTR:
            PyErr_SetFromErrno(OSError)
        PyErr_CheckSignals()
