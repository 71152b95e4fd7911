"""What is asked of the servers.  To add one: an application in ``apps.py`` and a record here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["WORKLOADS", "Workload"]

_MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of load.

    :param title: what the table says above the figures
    :param app: ``module:callable`` below ``benchmarks.http``
    :param connections: how many clients ask at once
    :param reply: bytes in the body of a right answer
    :param waits: whether requests wait in gevent, which needs a server with greenlets
    :param body: bytes that each request posts; 0 means GET
    :param fields: header fields of a request, Host among them
    :param sized: whether the application announces the length of its answer
    :param nginx: whether the servers stand behind nginx's ``uwsgi_pass``
    :param log: whether each server is measured twice, with its access log off and on
    :param asgi: whether the application is ASGI
    :param database: whether a PostgreSQL runs beside, on the clients' core
    """

    name: str
    title: str
    app: str
    connections: int = 64
    reply: int = 14
    waits: bool = False
    body: int = 0
    fields: int = 1
    sized: bool = True
    nginx: bool = False
    log: bool = False
    asgi: bool = False
    database: bool = False


WORKLOADS: Final = {
    workload.name: workload
    for workload in (
        Workload("hello", "Hello world, 64 connections", "apps:hello"),
        Workload("log", "Hello world with the access log off and on, 64 connections", "apps:hello", log=True),
        Workload("sleep", "gevent.sleep(0.01), 1,000 connections", "apps:sleep", 1000, waits=True),
        Workload("post", "POST of 4 KiB, 64 connections", "apps:post", reply=5, body=4096),
        Workload("echo", "POST of 1 MiB, echoed, 16 connections", "apps:echo", 16, reply=_MIB, body=_MIB),
        Workload("stream", "16 items of 1 KiB, 64 connections", "apps:stream", reply=16 << 10, sized=False),
        Workload(
            "download", "10 MiB in items of 16 KiB, 8 connections", "apps:download", 8, 10 * _MIB, sized=False
        ),
        Workload("fields", "A request of 100 header fields, 64 connections", "apps:hello", fields=100),
        Workload("nginx", "Hello world behind nginx's uwsgi_pass, 64 connections", "apps:hello", nginx=True),
        Workload(
            "django",
            "Django, one query of PostgreSQL, 200 connections",
            "django_app:application",
            200,
            waits=True,
            database=True,
        ),
        Workload("asgi", "Hello world in ASGI, 64 connections", "asgi_apps:hello", asgi=True),
    )
}
