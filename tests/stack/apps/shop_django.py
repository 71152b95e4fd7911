# ruff: noqa: E402
"""A Django project in one file: transactions, connections and async code, in views.

Of the environment: ``DRIVER`` is psycopg2 or psycopg, ``POOL`` the size of Django's own pool (psycopg
only, 0 for none), ``CONN_MAX_AGE`` what Django takes it for.
"""

import os
import sys

import django
from django.conf import settings

if os.environ["DRIVER"] == "psycopg2":
    from psycogreen.gevent import patch_psycopg

    patch_psycopg()
    sys.modules["psycopg"] = None  # Django prefers it where it is installed

POOL = int(os.environ.get("POOL", "0"))
settings.configure(
    SECRET_KEY="of a test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "NAME": os.environ["PGDATABASE"],
            "USER": os.environ["PGUSER"],
            "CONN_MAX_AGE": float(os.environ.get("CONN_MAX_AGE", "0")),
            "OPTIONS": {"pool": {"min_size": POOL, "max_size": POOL, "timeout": 20}} if POOL else {},
        }
    },
)
django.setup()

import gevent
from asgiref.sync import async_to_sync, sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.db.backends.postgresql.psycopg_any import is_psycopg3
from django.http import JsonResponse, StreamingHttpResponse
from django.urls import path


class Item(models.Model):
    name = models.TextField()

    class Meta:
        app_label = "shop"
        db_table = "django_item"


def query(sql, *args):
    with connection.cursor() as cursor:
        cursor.execute(sql, args)
        return cursor.fetchone()


def driver(request):
    return JsonResponse({"driver": "psycopg]" if is_psycopg3 else "psycopg2]"})


def held(request, key):
    """Wait in PostgreSQL for a lock that the test holds."""
    with transaction.atomic():
        backend = query("SELECT pg_backend_pid() FROM pg_advisory_xact_lock_shared(%s)", key)[0]
    return JsonResponse({"backend": backend})


def timeout(request):
    """A limit of gevent's own that nobody catches."""
    connection.ensure_connection()
    with gevent.Timeout(0.05), transaction.atomic():
        query("SELECT pg_sleep(2)")


def kept(request, number):
    """Write in a transaction, let others run, and see one's own row, backend and transaction only."""
    with transaction.atomic():
        Item.objects.create(name=f"{number}")
        before = query("SELECT pg_backend_pid(), txid_current(), pg_sleep(0.03)")[:2]
        with transaction.atomic():  # a savepoint
            seen = list(Item.objects.values_list("name", flat=True))
        after = query("SELECT pg_backend_pid(), txid_current(), pg_sleep(0.02)")[:2]
        transaction.set_rollback(number % 2 == 1)
    return JsonResponse(
        {"before": before, "after": after, "own": f"{number}" in seen, "seen": [*map(int, seen)]}
    )


def empty(request):
    Item.objects.all().delete()
    return JsonResponse({})


def names(request):
    return JsonResponse({"names": sorted(map(int, Item.objects.values_list("name", flat=True)))})


def stream(request):
    """Rows that are read while the reply is sent."""
    rows = Item.objects.raw("SELECT n AS id, n::text AS name, pg_sleep(0.01) FROM generate_series(1, 20) n")
    return StreamingHttpResponse(f"{row.name}\n" for row in rows.iterator())


async def guarded(request):
    """An async view under WSGI: the guard is up in its task, and down where it asks for a thread."""
    try:
        Item.objects.count()
        guard = "down"
    except SynchronousOnlyOperation:
        guard = "up"
    nested = await sync_to_async(lambda: async_to_sync(count_in_task)())()
    return JsonResponse({"guard": guard, "count": await Item.objects.acount(), "nested": nested})


async def count_in_task():
    return await Item.objects.acount()


def sockets(request):
    """How many connections this process holds, without asking for one."""
    links = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    found = [os.readlink(link) for link in links if os.path.lexists(link)]
    return JsonResponse({"sockets": sum(target.startswith("socket:") for target in found)})


urlpatterns = [
    path("driver/", driver),
    path("held/<int:key>/", held),
    path("kept/<int:number>/", kept),
    path("names/", names),
    path("empty/", empty),
    path("stream/", stream),
    path("guarded/", guarded),
    path("timeout/", timeout),
    path("sockets/", sockets),
]
application = get_wsgi_application()
