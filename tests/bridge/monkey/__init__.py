"""asyncio under gevent.monkey.patch_all()."""
