"""Server log and request log.  Imports the standard library and ``engine.errors`` only."""
