from engine.protocols.events cimport RequestHead
from engine.protocols.sections cimport FieldSection

cpdef RequestHead usual_request(bytes head, Py_ssize_t end, list lines, FieldSection section)
