"""Where the engine answers otherwise than uWSGI 2.0.31, on purpose: reason -> names of probes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["DIFFERENCES", "reason_of"]

DIFFERENCES: Final[Mapping[str, tuple[str, ...]]] = {
    "The setting has another default here.": ("buffer_size",),
    "It is a Python function here, a C function there.": ("type of start_response",),
    "All values of a repeated option; uWSGI keeps the last one.": ("opt cache2",),
    "Same class of error; Python words it otherwise for Python functions, and the argument is named.": (
        "log(1)",
        "log()",
        "listen_queue(99)",
        "set_logvar(1, 2)",
        "register_signal(19)",
        "signal()",
        "add_cron(18)",
        "cache_set(1, 'x')",
        "cache_set('k', 1)",
        "queue_push(1)",
        "register_rpc('alone')",
        "mule_msg()",
    ),
    "Same class and beginning of the text; here it says what is wrong.": (
        "sharedarea_read outside",
        "sharedarea_read(9, 0, 1)",
        "sharedarea_write outside",
        "sharedarea_write64 outside",
        "sharedarea_read64 outside",
    ),
    "A missing argument is a TypeError, as everywhere in Python.": ("call()", "rpc()"),
    "More is accepted: bytes for str, str for bytes.": (
        "log(b'x')",
        "farm_msg(b'probes', b'x')",
        "spool(a=b'b')",
        "spool({'a': b'b'})",
        "call(b'text')",
    ),
    "Greenlets of a request may act for it; uWSGI refuses them (uwsgi#980).": (
        "in another greenlet: connection_fd()",
        "in another greenlet: set_logvar('k', 'v')",
        "in another greenlet: cl()",
    ),
    "What cannot work is an error at once; uWSGI fails later, or in silence.": (
        "sendfile('/no/such')",
        "register_signal(19, '', 5)",
    ),
    "Numbers are checked; in uWSGI 256 is signal 0.": ("register_signal(256, ...)", "signal(256)"),
    "-1 says that there was none; 0 is a signal.": ("signal_received()", "later: signal_received()"),
    "b'' is the end of a body, None is nothing yet.": ("chunked_read_nb() without a body",),
    "From uWSGI 2.1.": ("add_ms_timer(18, 1000000)", "decorators: names"),
    "uWSGI's own asynchronous API must not be mixed with gevent: refused with advice.": (
        "async_sleep(0)",
        "green_schedule()",
        "suspend()",
        "wait_fd_read(0)",
        "wait_fd_write(0)",
        "ready_fd()",
    ),
    "Values may be empty.": ("cache_set empty value", "cache_get empty value"),
    "Taking from an empty queue leaves it as it is; uWSGI moves the next slot back.": (
        "queue_pop() of empty",
    ),
    "uWSGI fails in its own code.": ("type of sharedarea_object(0)",),
    "Metrics need no declaration.": ("metric_inc unknown",),
    "Refused, with what to use instead.": (
        "setprocname('x')",
        "set_warning_message('x')",
        "alarm('x', 'y')",
        "embedded_data('x')",
        "extract('/etc/hostname')",
        "parsefile('/no/such')",
        "offload('/etc/hostname')",
    ),
}


def reason_of(name: str) -> str | None:
    """Return why a probe may differ; None if it may not."""
    return next((reason for reason, names in DIFFERENCES.items() if name in names), None)
