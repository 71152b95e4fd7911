"""The reader of variables that connections share.

``variables.pyx`` is its twin in the compiled build, which keeps what the last packets held: a front end
sends the same keys in the same order, and many of the same values.
"""

from __future__ import annotations

from typing import Final

from engine.protocols.uwsgi.pairs import read_pairs

__all__ = ["VARIABLES", "VariableReader"]


class VariableReader:
    """Decodes blocks; one for all connections.  The loop's thread only."""

    __slots__ = ()

    def read(self, block: bytes, most: int) -> dict[str, str]:
        """Decode the pairs of a block, as :func:`read_pairs` does."""
        return read_pairs(block, most)


VARIABLES: Final = VariableReader()
