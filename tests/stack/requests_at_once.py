"""Many requests at once, each on a connection of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.addresses import Address
from tests.support.http_client import HttpConnection
from tests.support.responses import Response

__all__ = ["Answers", "at_once", "sent"]


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back, in the order of the targets.

    :param took: seconds for all of them
    """

    responses: list[Response]
    took: float

    @property
    def statuses(self) -> set[int]:
        return {response.status for response in self.responses}

    def json(self) -> list[Any]:
        """The bodies, which must be JSON of good answers."""
        for response in self.responses:
            assert response.status == 200, response
        return [json.loads(response.body) for response in self.responses]


class Sent:
    """Requests that are under way."""

    def __init__(self, connections: list[HttpConnection]) -> None:
        self._connections = connections
        self._began = time.monotonic()

    def answers(self) -> Answers:
        """Wait for all of them."""
        responses = [connection.reader.read() for connection in self._connections]
        return Answers(responses, time.monotonic() - self._began)


@contextmanager
def sent(address: Address, targets: Sequence[str]) -> Iterator[Sent]:
    """Send requests for all *targets*; their connections are closed with the block, answered or not."""
    connections: list[HttpConnection] = []
    try:
        for target in targets:
            connections.append(HttpConnection(address, timeout=30))
            connections[-1].send_request("GET", target, [("Connection", "close")])
        yield Sent(connections)
    finally:
        for connection in connections:
            connection.close()


def at_once(address: Address, targets: Sequence[str]) -> Answers:
    """Ask for all *targets* at the same time."""
    with sent(address, targets) as requests:
        return requests.answers()
