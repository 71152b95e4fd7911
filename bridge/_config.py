"""A setting of gevent that every new greenlet asks for, kept where asking is cheap.

gevent reads ``gevent.config.track_greenlet_tree`` each time a greenlet is made, through a property
and two functions in Python: a tenth of what a greenlet costs.  As an attribute of the class it is one
look-up.  Whoever sets it, as gevent's documentation says, notices nothing.
"""

from __future__ import annotations

from typing import Any

from gevent import config

__all__ = ["keep_at_hand"]


def keep_at_hand(name: str) -> None:
    """Answer ``gevent.config.NAME`` from a plain attribute; setting it goes on to work."""
    setting: Any = config.settings[name]
    holder = type(config)
    if not isinstance(vars(holder).get(name), property):
        return  # done before, or another gevent than this was written for

    def set_value(value: object) -> None:
        type(setting).set(setting, value)
        setattr(holder, name, setting.get())

    setting.set = set_value
    setattr(holder, name, setting.get())
