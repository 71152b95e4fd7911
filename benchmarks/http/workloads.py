"""What is asked of the servers.  To add one: an application in ``apps.py`` and a record here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["WORKLOADS", "Workload"]


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of load.

    :param app: name in ``benchmarks.http.apps``
    :param connections: how many clients ask at once
    :param waits: whether requests wait in gevent, which needs a server with greenlets
    :param body: bytes that each request posts; 0 means GET
    :param nginx: whether the servers stand behind nginx's ``uwsgi_pass``
    """

    name: str
    app: str
    connections: int = 64
    waits: bool = False
    body: int = 0
    nginx: bool = False


WORKLOADS: Final = {
    workload.name: workload
    for workload in (
        Workload("hello", "hello"),
        Workload("sleep", "sleep", connections=1000, waits=True),
        Workload("post", "post", body=4096),
        Workload("stream", "stream"),
        Workload("nginx", "hello", nginx=True),
    )
}
