"""The tests: a package, so that ``tests.support`` is importable and ``tests/bridge`` hides no ``bridge``."""
