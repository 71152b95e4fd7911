"""The tests.  A package, so that ``tests.support`` can be imported and ``tests/bridge`` hides no ``bridge``."""
