"""Sockets that other options name by number, and which worker accepts from which (uWSGI ``--map-socket``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from engine.errors import ConfigError

if TYPE_CHECKING:
    from engine.config.merge import Merged

__all__ = ["SharedSockets", "SocketMap", "socket_map"]

T = TypeVar("T")

_OPTIONS = ("shared-socket", "undeferred-shared-socket")


class SharedSockets:
    """The addresses of ``--shared-socket``; ``--http-socket =0`` stands for the first.

    All sockets are opened once, before privileges are dropped: a number is another way to write an address.
    """

    def __init__(self, merged: Merged) -> None:
        self._addresses = [
            value for name, value in merged.steps if name in _OPTIONS and isinstance(value, str)
        ]
        self._used: set[int] = set()

    def address(self, text: str) -> str:
        """Return what ``=NUMBER`` stands for; other texts as they are.

        :raises ConfigError: if there is no such socket
        """
        if not text.startswith("="):
            return text
        number = text[1:]
        if not (number.isascii() and number.isdecimal()) or int(number) >= len(self._addresses):
            raise ConfigError(
                f"address {text!r}: after = comes the number of a --shared-socket, from 0; "
                f"there are {len(self._addresses)}"
            )
        self._used.add(int(number))
        return self._addresses[int(number)]

    def unused(self) -> list[str]:
        """Return a notice for each that no other option names."""
        return [
            f"--shared-socket {address} is not listened on; add --http-socket ={number} or --socket ={number}"
            for number, address in enumerate(self._addresses)
            if number not in self._used
        ]


@dataclass(frozen=True, slots=True)
class SocketMap:
    """Which workers accept from a socket.

    :param workers: number of a socket (from 0) -> numbers of workers (from 1); others are for all workers
    """

    workers: Mapping[int, frozenset[int]] = field(default_factory=dict)

    def of(self, worker: int, sockets: Sequence[T]) -> Sequence[T]:
        """Return those of *sockets* that *worker* accepts from."""
        if not self.workers:
            return sockets
        return [
            each
            for number, each in enumerate(sockets)
            if number not in self.workers or worker in self.workers[number]
        ]


def socket_map(merged: Merged, sockets: int) -> SocketMap:
    """Read ``--map-socket NUMBER:WORKER,WORKER``.

    :param sockets: how many there are
    :raises ConfigError: if one of the numbers belongs to nothing
    """
    texts = merged.texts("map-socket")
    if texts and "cheaper" in merged:
        raise ConfigError("--map-socket needs workers that always run; leave --cheaper out")
    most = merged.integer("processes")
    found: dict[int, frozenset[int]] = {}
    for text in texts:
        number, _, listed = text.partition(":")
        workers = [each.strip() for each in listed.split(",")]
        if not all(each.isascii() and each.isdecimal() for each in (number.strip(), *workers)):
            raise ConfigError(f"--map-socket {text}: write SOCKET:WORKER,WORKER, as in 0:1,2")
        if int(number) >= sockets:
            raise ConfigError(f"--map-socket {text}: there is no socket {int(number)}; the first is 0")
        wrong = [each for each in workers if not 1 <= int(each) <= most]
        if wrong:
            raise ConfigError(f"--map-socket {text}: there is no worker {wrong[0]}; --processes is {most}")
        found[int(number)] = found.get(int(number), frozenset()) | {int(each) for each in workers}
    return SocketMap(found)
