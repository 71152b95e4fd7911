"""gevent's own test suite on the bridge's loop: ``python -m tests.bridge.gevent_suite --help``."""
