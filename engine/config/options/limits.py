"""How much a client may send and how long it may take; errors while writing; static files."""

from __future__ import annotations

from typing import Final

from engine.config.options.inactive import noop
from engine.config.options.record import Option, Section
from engine.config.options.static import STATIC_OPTIONS
from engine.config.options.websockets import WEBSOCKETS
from engine.config.values import BYTES, COUNT, FLAG, NUMBER, SECONDS, TEXT, Kind

__all__ = ["LIMITS", "STATIC"]


def _buffer_size(text: str) -> object:
    if ":" in text or "/" in text:
        raise ValueError("-b is --buffer-size, as in uWSGI; write an address as --http-socket ADDRESS")
    return COUNT.parse(text)


LIMITS: Final = Section(
    "Limits",
    (
        Option(
            "buffer-size",
            Kind("BYTES", _buffer_size),
            "Longest request head in bytes: header fields of HTTP, variables of uwsgi. "
            "uWSGI's own default is 4096, which cookies outgrow.",
            short="b",
            default=65536,
        ),
        Option(
            "max-vars",
            COUNT,
            "Most variables in a uwsgi packet is twice this number, as in uWSGI.",
            short="v",
            default=64,
            priority="P1",
        ),
        Option(
            "socket-timeout",
            SECONDS,
            "Seconds to wait for a client that is to send or to take something. 4 without --gevent.",
            short="z",
            default=30,
        ),
        Option("limit-post", BYTES, "Longest request body in bytes; 0 means no limit.", default=0),
        Option(
            "kill-on-disconnect",
            FLAG,
            "End a request whose client has gone: its greenlet gets engine.errors.ClientLeftError where it "
            "waits. Who has closed only his sending half counts as gone too. Without it the application "
            "learns of it when it writes or reads.",
            page="-",
            priority="P1",
        ),
        Option(
            "post-buffering",
            NUMBER,
            "Read the whole body before a WSGI application is called, so that wsgi.input can be read again; "
            "what is longer than so many bytes is kept in a temporary file. 0 means: as the client sends it.",
            default=0,
            priority="P1",
        ),
        Option(
            "post-buffering-bufsize", COUNT, "Bytes to read at a time for that.", default=65536, priority="P1"
        ),
        Option(
            "body-read-warning",
            Kind("MB", NUMBER.parse),
            "Log when a WSGI application reads more than so much of a body at once. 0: never; uWSGI's own "
            "default is 8.",
            default=0,
            priority="P2",
        ),
        Option(
            "chunked-input-limit",
            Kind("BYTES", COUNT.parse),
            "Most bytes that one uwsgi.chunked_read() returns; a longer chunk comes in several pieces.",
            default=1048576,
            priority="P1",
        ),
        Option(
            "chunked-input-timeout",
            SECONDS,
            "Longest wait of uwsgi.chunked_read() that names none itself. 0: as --socket-timeout.",
            default=0,
            priority="P1",
        ),
        Option(
            "response-headers-limit",
            BYTES,
            "Most bytes of all header fields of a reply; an application that sends more fails with 500. "
            "0 means no limit.",
            default=0,
            priority="P2",
        ),
        *WEBSOCKETS,
        noop("ignore-sigpipe", "it is always ignored"),
        noop("ignore-write-errors", "a client that has gone is never logged as an error"),
        noop(
            "disable-write-exception",
            "a client that has gone ends the reply without a line in the log; write() raises OSError",
        ),
        noop("write-errors-tolerance", "a client that has gone is gone at the first write", kind=NUMBER),
        noop("write-errors-exception-only", "a client that has gone is never logged as an error"),
        Option(
            "limit-as",
            Kind("MB", NUMBER.parse),
            "Most address space of each process; who asks for more gets MemoryError. 0 leaves it to the "
            "system.",
            default=0,
            priority="P2",
        ),
        Option(
            "limit-nproc",
            NUMBER,
            "Most processes and threads of the user the server runs as. 0 leaves it to the system.",
            default=0,
            priority="P2",
        ),
    ),
)

STATIC: Final = Section(
    "Static files and headers",
    (
        *STATIC_OPTIONS,
        Option(
            "add-header",
            TEXT,
            "Add this field to every reply of an application and to files: NAME: VALUE.",
            multiple=True,
            priority="P1",
        ),
        Option(
            "del-header",
            TEXT,
            "Remove fields of this name from replies of applications.",
            aliases=("rem-header",),
            multiple=True,
            priority="P1",
        ),
        Option(
            "collect-header",
            Kind("'HEADER VARIABLE'", TEXT.parse),
            "Keep the value of this header of replies in a request variable, for --log-format %(var.NAME) "
            "too; also if --del-header removes it.",
            aliases=("response-header-collect",),
            multiple=True,
            priority="P1",
        ),
        noop("offload-threads", "files take no core", "offload-thread", kind=NUMBER, priority="P2"),
    ),
)
