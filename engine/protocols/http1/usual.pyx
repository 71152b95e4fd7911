# cython: language_level=3
"""The usual request, read without a call through Python; see usual.py."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr, memcmp

from engine.protocols.events cimport RequestHead
from engine.protocols.sections cimport FieldSection

from engine.protocols.grammar import TARGET_CHARS
from engine.protocols.http1.request_line import METHODS

__all__ = ["usual_request"]

cdef dict _methods = METHODS
cdef bytes _EMPTY = b""
cdef str _GET = "GET"
cdef str _VERSION = "1.1"
cdef bint[256] _in_target


cdef void _learn_target() except *:
    cdef int byte
    for byte in range(256):
        _in_target[byte] = False
    for byte in TARGET_CHARS:
        _in_target[byte] = True


_learn_target()


cpdef RequestHead usual_request(bytes head, Py_ssize_t end, list lines, FieldSection section):
    """Read a request line of the usual form; None for any other, and for what may be wrong with it.

    :param end: where the line ends in *head*, at its CRLF
    :param lines: the fields, which ask for nothing special
    :param section: what is kept of them
    """
    cdef const unsigned char* start = <const unsigned char*>PyBytes_AS_STRING(head)
    cdef const unsigned char* last
    cdef const unsigned char* target
    cdef const unsigned char* each
    cdef const unsigned char* mark = NULL
    cdef RequestHead request
    if end < 9 or end > PyBytes_GET_SIZE(head):
        return None
    last = start + end - 9
    target = <const unsigned char*>memchr(start, 32, end - 9)
    if target == NULL or memcmp(last, b" HTTP/1.1", 9) != 0:
        return None
    if target - start == 3 and memcmp(start, b"GET", 3) == 0:
        method = _GET
    else:
        method = _methods.get(PyBytes_FromStringAndSize(<const char*>start, target - start))
    target += 1
    if method is None or target >= last or target[0] != 47:
        return None
    each = target
    while each < last:
        if not _in_target[each[0]]:
            return None
        if each[0] == 63 and mark == NULL:
            mark = each
        each += 1
    request = RequestHead.__new__(RequestHead)
    request.method = <str>method
    request.target = PyBytes_FromStringAndSize(<const char*>target, last - target)
    if mark == NULL:
        request.path = request.target
        request.query = _EMPTY
    else:
        request.path = PyBytes_FromStringAndSize(<const char*>target, mark - target)
        request.query = PyBytes_FromStringAndSize(<const char*>mark + 1, last - mark - 1)
    request.headers = lines
    request.http_version = _VERSION
    request.content_length = None if section is None else section.content_length
    request.chunked = False
    request.keep_alive = True
    request.expect_continue = False
    request.upgrade = None
    request.section = section
    return request
