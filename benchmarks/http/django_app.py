"""A Django project in one module: one view, one query of PostgreSQL through psycopg2 and psycogreen.

Connections come from django-db-geventpool, the same for every server: each request is a new greenlet, so
without a pool it would connect anew, and the figures would be those of PostgreSQL's ``fork``.
"""

import os
import sys
from contextlib import closing

from gevent.lock import Semaphore
from psycogreen.gevent import patch_psycopg

sys.modules["psycopg"] = None  # type: ignore[assignment]  # Django prefers it where it is installed
patch_psycopg()

import django  # noqa: E402
from django.conf import settings  # noqa: E402

_MOST_CONNECTIONS = 20

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django_db_geventpool.backends.postgresql_psycopg2",
            "HOST": os.environ.get("PGHOST", ""),
            "PORT": os.environ.get("PGPORT", ""),
            "USER": os.environ.get("PGUSER", ""),
            "NAME": os.environ.get("PGDATABASE", ""),
            "ATOMIC_REQUESTS": False,
            "CONN_MAX_AGE": 0,
            "OPTIONS": {"MAX_CONNS": _MOST_CONNECTIONS, "REUSE_CONNS": _MOST_CONNECTIONS},
        }
    },
    INSTALLED_APPS=[],
    LOGGING_CONFIG=None,
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
    SECRET_KEY="benchmark",
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

# The pool looks at its size before it connects and counts after, so that a burst on an empty pool opens
# more connections than PostgreSQL takes.
_slots = Semaphore(_MOST_CONNECTIONS)


def query(request):
    """Ask the database for fourteen bytes."""
    with _slots, closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT %s || chr(10)", ["Hello, world!"])
        (text,) = cursor.fetchone()
    return HttpResponse(text, content_type="text/plain", headers={"Content-Length": str(len(text))})


urlpatterns = [path("", query)]
application = get_wsgi_application()
