# cython: language_level=3
"""The variables of a uwsgi packet, many of them as in the packet before; see variables.py and pairs.py."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeLatin1
from libc.string cimport memcmp

from engine.protocols.uwsgi.pairs import overrun, too_many

__all__ = ["VARIABLES", "VariableReader"]

cdef Py_ssize_t _MOST_KEPT = 128  # pairs, by their place in the packet
cdef Py_ssize_t _LONGEST_KEPT = 1024  # bytes of a pair


cdef class VariableReader:
    """Decodes blocks; keeps the pair that came last at each place of a packet."""

    def __init__(self):
        self._pairs = []
        self._keys = []
        self._values = []

    cpdef dict read(self, bytes block, Py_ssize_t most):
        """Decode the pairs of a block; of a repeated key the last value wins, as in uWSGI.

        :param most: number of pairs allowed
        :raises ProtocolError: 400 if a pair runs past the block, 431 if there are too many
        """
        cdef const unsigned char* pair = <const unsigned char*>PyBytes_AS_STRING(block)
        cdef Py_ssize_t left = PyBytes_GET_SIZE(block), size, key_size, count = 0
        cdef dict variables = {}
        cdef str key, value
        while left:
            count += 1
            if left < 4:
                raise overrun(count, len(block))
            key_size = pair[0] | pair[1] << 8
            if left < key_size + 4:
                raise overrun(count, len(block))
            size = key_size + 4 + (pair[key_size + 2] | pair[key_size + 3] << 8)
            if left < size:
                raise overrun(count, len(block))
            if not key_size:
                pass
            elif self._begins(count - 1, pair, size, True):
                variables[self._keys[count - 1]] = self._values[count - 1]
            else:
                if self._begins(count - 1, pair, key_size + 2, False):
                    key = self._keys[count - 1]
                else:
                    key = _text(pair + 2, key_size)
                value = _text(pair + key_size + 4, size - key_size - 4)
                variables[key] = value
                if size <= _LONGEST_KEPT:
                    self._keep(count - 1, (<const char*>pair)[:size], key, value)
            pair += size
            left -= size
        if count > most:
            raise too_many(count, most)
        return variables

    cdef bint _begins(self, Py_ssize_t place, const unsigned char* pair, Py_ssize_t size, bint whole):
        """Whether what is kept for a place begins with these bytes, and is no longer if *whole*."""
        cdef Py_ssize_t kept_size
        if place >= len(self._pairs):
            return False
        kept_size = PyBytes_GET_SIZE(self._pairs[place])
        if kept_size < size or (whole and kept_size != size):
            return False
        return memcmp(PyBytes_AS_STRING(self._pairs[place]), pair, size) == 0

    cdef _keep(self, Py_ssize_t place, bytes pair, str key, str value):
        if place < len(self._pairs):
            self._pairs[place] = pair
            self._keys[place] = key
            self._values[place] = value
        elif place == len(self._pairs) and place < _MOST_KEPT:
            self._pairs.append(pair)
            self._keys.append(key)
            self._values.append(value)


cdef str _text(const unsigned char* start, Py_ssize_t size):
    return PyUnicode_DecodeLatin1(<const char*>start, size, NULL)


VARIABLES = VariableReader()
