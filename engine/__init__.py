"""App server for gevent applications on an asyncio or uvloop front end.

``engine`` is a program, not a library: what is public are its options, the
``gevent-engine`` command and the ``uwsgi`` module that applications import.
"""

import _bridge_pure

_bridge_pure.install_if_asked()
