"""Settings of the example site.

The database is named by libpq's own variables: ``PGHOST`` (a host, or the directory of a unix
socket), ``PGPORT``, ``PGDATABASE``, ``PGUSER`` and ``PGPASSWORD``.
"""

import os

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "for-this-example-only")
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "mysite.urls"
WSGI_APPLICATION = "mysite.wsgi.application"
INSTALLED_APPS = ["notes"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("PGHOST", ""),
        "PORT": os.environ.get("PGPORT", ""),
        "NAME": os.environ.get("PGDATABASE", "postgres"),
        "USER": os.environ.get("PGUSER", "postgres"),
        "PASSWORD": os.environ.get("PGPASSWORD", ""),
        # Django keeps a connection per thread, and once threading is patched a greenlet counts as a
        # thread.  Each request has a greenlet of its own, so a connection kept after the request
        # could never be used again: close it, and pool outside (pgbouncer) where connecting is dear.
        "CONN_MAX_AGE": 0,
    }
}
