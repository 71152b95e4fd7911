cimport cython

cdef class FieldLine:
    cdef public object value
    cdef public bytes line
    cdef public object number

cdef class FieldName:
    cdef public str prefix
    cdef public int role
    cdef public FieldLine last

@cython.locals(lines=list, said=int, role=int, names=dict, known=FieldName, last=FieldLine)
cpdef tuple field_lines(headers, bint drop_length=*)
@cython.locals(line=FieldLine)
cdef FieldLine _learn_value(FieldName known, name, value)
