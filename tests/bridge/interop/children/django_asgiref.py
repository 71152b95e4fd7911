# ruff: noqa: E402
"""Django's guard against async contexts, and asgiref's adapters, in greenlets of a running loop.

Arguments: patched or unpatched; asyncio or uvloop.
"""

import asyncio
import sys

import bridge

patched = sys.argv[1] == "patched"
if patched:
    bridge.patch_all()

import django
import gevent
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.core.exceptions import SynchronousOnlyOperation

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[3]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection


def orm(number: int) -> str:
    """A synchronous view."""
    gevent.sleep(0)
    try:
        return Group.objects.create(name=f"group {number}").name
    finally:
        connection.close()


def names() -> list[str]:
    try:
        return sorted(Group.objects.values_list("name", flat=True))
    finally:
        connection.close()


@sync_to_async
def inner_orm() -> int:
    try:
        return Group.objects.count()
    finally:
        connection.close()


async def async_view(number: int) -> tuple[int, int]:
    await asyncio.sleep(0.2)
    return number, await inner_orm()


def synchronous_stack(number: int) -> tuple[int, int]:
    """greenlet -> async view -> synchronous ORM, with asgiref's own adapters."""
    return async_to_sync(async_view)(number)


def together(fn, count: int) -> list[object]:
    greenlets = [bridge.spawn(fn, number) for number in range(count)]
    gevent.joinall(greenlets, raise_error=True)
    return [each.get() for each in greenlets]


async def main() -> None:
    await bridge.spawn(call_command, "migrate", verbosity=0)
    assert await bridge.spawn(together, orm, 5) == [f"group {n}" for n in range(5)]
    assert await bridge.spawn(names) == [f"group {n}" for n in range(5)]
    try:
        names()
    except SynchronousOnlyOperation:
        print("guarded in the task")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    count = 10 if patched else 2
    assert await bridge.spawn(together, synchronous_stack, count) == [(n, 5) for n in range(count)]
    took = loop.time() - begun
    if patched:
        assert took < 0.2 * count, took
    assert asyncio.get_running_loop() is loop
    print("nested", "done")


if sys.argv[2] == "uvloop":
    bridge.run(main())
else:
    asyncio.run(main())
