"""Server log and request log.  Imports the standard library only."""
