"""The variables of a uwsgi packet: ``u16 LE length, key, u16 LE length, value``, again and again."""

from __future__ import annotations

from engine.errors import ProtocolError

__all__ = ["overrun", "read_pairs", "too_many"]


def read_pairs(block: bytes, most: int) -> dict[str, str]:
    """Decode the pairs of a block; of a repeated key the last value wins, as in uWSGI.

    A pair with an empty key is skipped, as in uWSGI.  Text is latin-1, so that
    ``value.encode("latin-1")`` gives the bytes back.

    :param most: number of pairs allowed
    :raises ProtocolError: 400 if a pair runs past the block, 431 if there are too many
    """
    text = block.decode("latin-1")  # once for all, then slices of str
    variables: dict[str, str] = {}
    end = len(block)
    position = count = 0
    while position < end:
        count += 1
        try:
            key_start = position + 2
            key_end = key_start + (block[position] | block[position + 1] << 8)
            position = key_end + 2 + (block[key_end] | block[key_end + 1] << 8)
        except IndexError:
            position = end + 1
        if position > end:
            raise overrun(count, end)
        if key_end != key_start:
            variables[text[key_start:key_end]] = text[key_end + 2 : position]
    if count > most:
        raise too_many(count, most)
    return variables


def overrun(number: int, size: int) -> ProtocolError:
    """The error of a pair that does not fit into its block of *size* bytes."""
    return ProtocolError(400, f"variable {number} of the uwsgi packet runs past its {size} bytes")


def too_many(count: int, most: int) -> ProtocolError:
    """The error of a block with more pairs than are allowed."""
    return ProtocolError(431, f"{count} variables in the uwsgi packet, at most {most}: raise max-vars")
