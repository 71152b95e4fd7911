# cython: language_level=3
"""The fields of a head that asks for nothing special, taken apart in one pass; see fields.py."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE

from engine.protocols.grammar import FIELD_CHARS, TOKEN_CHARS
from engine.protocols.http1.names import LOWER, SPECIAL, learn

__all__ = ["Fields", "plain_fields"]

Fields = tuple[list[tuple[bytes, bytes]], bytes, bytes | None, int, bytes | None]
"""Names in lower case and values; Host; Connection, if there is one; how many lines there were;
Content-Length, if there is one."""

cdef dict _lower = LOWER
cdef frozenset _special = SPECIAL
cdef object _learn = learn
cdef bytes _HOST = b"host"
cdef bytes _CONNECTION = b"connection"
cdef bytes _CONTENT_LENGTH = b"content-length"
cdef bint[256] _in_token
cdef bint[256] _in_value


cdef void _learn_classes() except *:
    cdef int byte
    for byte in range(256):
        _in_token[byte] = _in_value[byte] = False
    for byte in TOKEN_CHARS:
        _in_token[byte] = True
    for byte in FIELD_CHARS:
        _in_value[byte] = True


_learn_classes()


cpdef tuple plain_fields(bytes head, Py_ssize_t start):
    """Read the lines from *start* to the empty line that ends *head*; None: llhttp is to read them.

    Host comes exactly once, Connection and Content-Length once at most; other framing, expectations and
    upgrades do not come at all.
    Names that must not reach the application (``names.DROPPED``) are left out and counted.
    """
    cdef const unsigned char* begin = <const unsigned char*>PyBytes_AS_STRING(head)
    cdef const unsigned char* last = begin + PyBytes_GET_SIZE(head) - 2
    cdef const unsigned char* each = begin + start
    cdef const unsigned char* name
    cdef const unsigned char* value
    cdef const unsigned char* end
    cdef list lines = []
    cdef bytes lower, text, raw
    cdef object connection = None
    cdef object host = None
    cdef object length = None
    cdef Py_ssize_t count = 0
    if start < 0 or each >= last or last[0] != 13 or last[1] != 10:
        return None
    while each < last:
        name = each
        while each < last and _in_token[each[0]]:
            each += 1
        if each == name or each[0] != 58:
            return None
        raw = PyBytes_FromStringAndSize(<const char*>name, each - name)
        each += 1
        while each < last and (each[0] == 32 or each[0] == 9):
            each += 1
        value = each
        while each < last and _in_value[each[0]]:
            each += 1
        if each + 1 >= last or each[0] != 13 or each[1] != 10:
            return None
        end = each
        each += 2
        while end > value and (end[-1] == 32 or end[-1] == 9):
            end -= 1
        found = _lower.get(raw)
        lower = <bytes>found if found is not None else <bytes>_learn(raw)
        text = PyBytes_FromStringAndSize(<const char*>value, end - value)
        count += 1
        if lower in _special:
            if host is None and lower == _HOST:
                host = text
            elif connection is None and lower == _CONNECTION:
                connection = text
            elif length is None and lower == _CONTENT_LENGTH:
                length = text
            else:
                return None
        if PyBytes_GET_SIZE(lower):
            lines.append((lower, text))
    if host is None or each != last:
        return None
    return lines, host, connection, count, length
