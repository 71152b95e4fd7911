# ruff: noqa: E402
"""Django views that use the database and asgiref's adapters every way there is; for many requests at once."""

import asyncio
import os
import time

import django
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.exceptions import SynchronousOnlyOperation
from django.core.management import call_command
from django.http import HttpResponse
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="for tests",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    MIDDLEWARE=[f"{__name__}.SyncMiddleware", f"{__name__}.async_middleware"],
    LOGGING_CONFIG=None,
)
django.setup()

from django.contrib.auth.models import Group
from django.utils.decorators import async_only_middleware


class SyncMiddleware:
    """Asks the database before and after each view; only synchronous."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        assert Group.objects.count() >= 1
        response = self.get_response(request)
        assert Group.objects.filter(name="first").exists()
        return response


@async_only_middleware
def async_middleware(get_response):
    async def middleware(request):
        asyncio.get_running_loop()
        return await get_response(request)

    return middleware


def sync_view(request):
    time.sleep(0.002)
    return HttpResponse(Group.objects.get(name="first").name)


async def async_view(request):
    await asyncio.sleep(0.002)
    try:
        Group.objects.get(name="first")
    except SynchronousOnlyOperation:
        pass
    else:
        raise AssertionError("the guard did not hold in a task")
    return HttpResponse((await Group.objects.aget(name="first")).name)


async def adapted(request):
    return HttpResponse(await sync_to_async(lambda: Group.objects.get(name="first").name)())


def there_and_back(request):
    async def inner():
        await asyncio.sleep(0.001)
        return await Group.objects.aget(name="first")

    return HttpResponse(async_to_sync(inner)().name)


urlpatterns = [
    path("sync", sync_view),
    path("async", async_view),
    path("adapted", adapted),
    path("there-and-back", there_and_back),
]
call_command("migrate", verbosity=0)
Group.objects.get_or_create(name="first")
application = get_asgi_application()
