"""The uwsgi packet protocol, as spoken by nginx ``uwsgi_pass``."""
