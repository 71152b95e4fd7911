"""Server log and request log.  Imports ``engine.errors`` and ``engine.address`` only."""
