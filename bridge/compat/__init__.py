"""Other libraries' names on the bridge, so that a program only changes its imports.

``bridge.compat.asyncio_gevent`` and ``bridge.compat.aiogevent``.
"""
