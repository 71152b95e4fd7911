"""asyncio keeps the real standard library when gevent has patched it.

asyncio polls, starts threads and runs processes for us.  If those calls came
back as greenlets waiting for the hub, asyncio would wait for the hub that
waits for asyncio.  So the modules ``asyncio.*`` get stand-ins for the patched
modules; nobody else sees them and ``sys.modules`` stays as it is.

Ranks: ``originals``, ``preload`` < ``selectors_``, ``threads`` < ``socket_``,
``subprocess_``, ``executors`` < ``standins``, ``ending`` < ``policy``,
``built_loops``, ``uvloop_`` < ``rebind``.  Imports nothing of the package but ``_compat``.
"""
