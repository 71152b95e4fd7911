"""Frameworks that clean up only after an ordinary end of a request.

Django closes the database connections of a request, or gives them back to their pool, when its
response is closed.  A request that is ended from outside (harakiri, a client that left, a
``gevent.Timeout`` of its own) passes Django by with an exception that is no ``Exception``, so there
is no response, and connections stay open until the garbage collector finds them; a pool never gets
them back.  Flask and Werkzeug clean up in ``finally`` and need no help.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

__all__ = ["tell_of_end"]


def tell_of_end(log: Callable[[str], None]) -> None:
    """Tell frameworks that the request of this greenlet is over; call in that greenlet.

    Django's receivers of ``request_finished`` run, each of them even if another fails.
    """
    signals = sys.modules.get("django.core.signals")
    if signals is None:
        return
    try:
        for receiver, answer in signals.request_finished.send_robust(sender=tell_of_end):
            if isinstance(answer, Exception):
                log(f"--- Django's request_finished: {receiver!r} raised {answer!r} ---")
    except Exception:
        log(traceback.format_exc().rstrip())
