"""Files sent to clients without asking the application (``--static-map`` and the like).

May import ``engine.config.static``, ``engine.interfaces``, ``engine.errors`` and ``engine.request``.
"""
