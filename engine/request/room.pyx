# cython: language_level=3
"""Bytes of known number that arrive bit by bit, received where they stay; see room.py."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_CheckSignals, PyErr_SetFromErrno
from cpython.ref cimport PyObject
from libc.errno cimport EAGAIN, EINTR, errno
from libc.string cimport memcpy

cdef extern from "Python.h":
    # With plain pointers: the object has one reference, and resizing may move it.
    PyObject* PyBytes_FromStringAndSize(const char* data, Py_ssize_t size) except NULL
    int _PyBytes_Resize(PyObject** data, Py_ssize_t size) except -1
    void Py_CLEAR(PyObject*)

cdef extern from "<sys/socket.h>" nogil:
    Py_ssize_t recv(int fd, void* data, size_t size, int flags)
    int MSG_DONTWAIT

__all__ = ["Room"]

cdef Py_ssize_t _FIRST = 1 << 20  # what is set aside before anything has come: clients announce what they like
cdef Py_ssize_t _SHORT = 1 << 16  # up to here the copy is quicker than giving the interpreter lock away


cdef class Room:
    """A place for *size* bytes; memory is set aside as they come."""

    def __cinit__(self, Py_ssize_t size):
        self.size = size
        self.have = 0
        self._place = size if size < _FIRST else _FIRST
        self._data = PyBytes_FromStringAndSize(NULL, self._place)

    def __dealloc__(self):
        Py_CLEAR(self._data)

    cpdef put(self, bytes data):
        """Append bytes.

        :raises ValueError: if they are more than there is room for
        """
        cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
        if size > self.size - self.have:
            raise ValueError(f"{size} bytes for a room of {self.size - self.have}")
        self._make_place(self.have + size)
        memcpy(PyBytes_AS_STRING(<object>self._data) + self.have, PyBytes_AS_STRING(data), size)
        self.have += size

    cpdef Py_ssize_t receive(self, int fd, Py_ssize_t most) except -1:
        """Append at most *most* bytes from the socket *fd* without waiting; return how many.

        :raises OSError: as ``socket.recv``
        """
        cdef Py_ssize_t got
        cdef char* start
        if self.have == self._place:
            self._make_place(self.have + 1)
        if most > self._place - self.have:
            most = self._place - self.have
        if most <= 0:
            return 0
        start = PyBytes_AS_STRING(<object>self._data) + self.have
        while True:
            if most > _SHORT:
                with nogil:
                    got = recv(fd, start, most, MSG_DONTWAIT)
            else:
                got = recv(fd, start, most, MSG_DONTWAIT)
            if got >= 0:
                self.have += got
                return got
            if errno == EAGAIN:
                return 0
            if errno != EINTR:
                PyErr_SetFromErrno(OSError)
            PyErr_CheckSignals()

    cpdef bytes take(self):
        """Return all that came; call it once, as the last."""
        cdef bytes data
        if self._data == NULL:
            return b""
        if self.have < self._place:
            _PyBytes_Resize(&self._data, self.have)
        data = <bytes>self._data
        Py_CLEAR(self._data)
        self.size = self.have = self._place = 0
        return data

    cdef int _make_place(self, Py_ssize_t end) except -1:
        cdef Py_ssize_t place = self._place
        if place < end:
            place = 2 * place if 2 * place > end else end
            if place > self.size:
                place = self.size
            if place > self._place:
                _PyBytes_Resize(&self._data, place)
                self._place = place
        return 0
