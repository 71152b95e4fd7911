"""Event watchers: gevent's IWatcher on the bridge's loop, one kind per module.

May import ``bridge._compat``, ``bridge._types`` and gevent; knows the loop
only as the object it was created with.
"""
