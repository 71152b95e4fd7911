cimport cython

from engine.protocols.fields cimport field_lines
from engine.protocols.http1.framing cimport Framing, decide
from engine.protocols.status cimport parse_status

@cython.locals(code=int, said=int, lines=list, framing=Framing)
cpdef tuple response_head(status, headers, str method, str http_version, bint keep_alive, bytes date, bytes server=*, known_length=*)
@cython.locals(kept=dict)
cdef bytes _status_line(line)
