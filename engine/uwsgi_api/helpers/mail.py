"""Messages on their way to mules: a mule that is free asks for one, and gets the oldest that it may have."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["ANY", "Mail", "Wish"]

ANY: Final = 0
_MOST: Final = 100_000


@dataclass(slots=True)
class Wish:
    """What a mule waits for: its own messages and those for any mule, those of its farms, or both."""

    own: bool = True
    farms: bool = True


@dataclass(slots=True)
class _Message:
    order: int
    target: int | str
    data: bytes


@dataclass
class Mail:
    """The messages nobody has taken yet.

    :param farms: numbers of the mules in each farm
    :param send: takes a message to a mule; False if it is gone
    """

    farms: Mapping[str, tuple[int, ...]]
    send: Callable[[int, bytes], bool]
    _waiting: deque[_Message] = field(default_factory=deque)
    _wishes: dict[int, Wish] = field(default_factory=dict)
    _order: int = 0

    def post(self, target: int | str, data: bytes) -> bool:
        """Take a message for a mule, a farm, or any mule (0); False if too many wait already."""
        if len(self._waiting) >= _MOST:
            return False
        self._order += 1
        self._waiting.append(_Message(self._order, target, data))
        for mule in list(self._wishes):
            if self._serve(mule):
                break
        return True

    def ask(self, mule: int, wish: Wish) -> None:
        """A mule wants the next message."""
        self._wishes[mule] = wish
        self._serve(mule)

    def forget(self, mule: int) -> None:
        """A mule has ended; nothing that it had not asked for is lost."""
        self._wishes.pop(mule, None)

    def _serve(self, mule: int) -> bool:
        wish = self._wishes[mule]
        for message in self._waiting:
            if self._suits(message, mule, wish):
                del self._wishes[mule]
                if not self.send(mule, message.data):
                    return False
                self._waiting.remove(message)
                return True
        return False

    def _suits(self, message: _Message, mule: int, wish: Wish) -> bool:
        if isinstance(message.target, str):
            return wish.farms and mule in self.farms.get(message.target, ())
        return wish.own and message.target in (ANY, mule)

    def __len__(self) -> int:
        return len(self._waiting)
