# cython: language_level=3
"""Where lines and heads end, and what a path holds, found without a call through Python; see scan.py."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr, memcmp

__all__ = ["has_escape", "is_one_head", "line_end", "rest_of"]


cpdef Py_ssize_t line_end(bytes data):
    """Return where the first CRLF is; -1 if there is none."""
    cdef const char* start = PyBytes_AS_STRING(data)
    cdef const char* last = start + PyBytes_GET_SIZE(data) - 1
    cdef const char* each = start
    while each < last:
        each = <const char*>memchr(each, 13, last - each)
        if each == NULL:
            return -1
        if each[1] == 10:
            return each - start
        each += 1
    return -1


cpdef bint is_one_head(bytes data):
    """Tell whether *data* is a head and its empty line, with nothing in front or behind."""
    cdef const char* start = PyBytes_AS_STRING(data)
    cdef const char* last = start + PyBytes_GET_SIZE(data) - 4
    cdef const char* each = start
    if last <= start or start[0] == 13 or memcmp(last, b"\r\n\r\n", 4) != 0:
        return False
    while each < last:
        each = <const char*>memchr(each, 13, last - each)
        if each == NULL:
            return True
        if memcmp(each, b"\r\n\r\n", 4) == 0:
            return False
        each += 1
    return True


cpdef bint has_escape(bytes path):
    """Tell whether *path* has percent-encoded bytes (RFC 3986 section 2.1), or looks as if."""
    return memchr(PyBytes_AS_STRING(path), 37, PyBytes_GET_SIZE(path)) != NULL


cpdef bytes rest_of(bytes data, Py_ssize_t start):
    """Return the bytes from *start*, which is inside *data*."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    if not 0 <= start <= size:
        return data[start:]
    return PyBytes_FromStringAndSize(PyBytes_AS_STRING(data) + start, size - start)
