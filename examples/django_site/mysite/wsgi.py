"""The WSGI application.

    gevent-engine --gevent 100 --gevent-early-monkey-patch --http-socket :8000 \\
        --chdir examples/django_site --module mysite.wsgi

``--gevent-early-monkey-patch`` comes before this file is loaded, so Django and psycopg2 see patched
modules.  psycopg2 waits in C, where no patch reaches; psycogreen gives it a wait that parks the
greenlet instead of the whole process.  psycopg 3, which Django prefers, needs no such help.
"""

import os

from django.core.wsgi import get_wsgi_application
from psycogreen.gevent import patch_psycopg

patch_psycopg()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
application = get_wsgi_application()
