"""Many requests at once, each on a connection of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.support.addresses import Address
from tests.support.http_client import get
from tests.support.responses import Response

__all__ = ["Answers", "at_once"]


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


def at_once(address: Address, targets: Sequence[str]) -> Answers:
    """Ask for all *targets* at the same time."""
    with ThreadPoolExecutor(len(targets)) as pool:
        began = time.monotonic()
        responses = list(pool.map(lambda target: get(address, target), targets))
        return Answers(responses, time.monotonic() - began)
