"""Wire protocols of the server: bytes in, events out, no I/O.

Nothing below this package touches a socket, a clock, an event loop or gevent,
so every rule can be tested with plain bytes.  It may import the standard
library, ``httptools`` and ``engine.errors``; a test holds it to that.
"""
