"""The chunked transfer coding (RFC 9112 section 7.1), decoded in any fragmentation.

Done here and not by llhttp, because httptools reports neither extensions nor where the
body ends.  As strict as llhttp: no sign, no ``0x``, no space after the size, every line
ends with CRLF.  Only before an extension is a space allowed, because the grammar of RFC 9112
section 7.1.1 has BWS there.
"""

from __future__ import annotations

import re
from typing import Final

from engine.errors import ProtocolError
from engine.protocols.grammar import FIELD_CHARS, check_field_line, split_field_line
from engine.protocols.limits import Limits
from engine.protocols.trailers import NEVER_TRAILERS

__all__ = ["ChunkedDecoder"]

_SIZE: Final = 0
_DATA: Final = 1
_DATA_END: Final = 2
_TRAILERS: Final = 3
_DONE: Final = 4

_HEX: Final = b"0123456789abcdefABCDEF"
_LONGEST_SIZE: Final = 15  # hex digits: below 2**60
_PLAIN_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})\r\n")


class ChunkedDecoder:
    """Decodes one body.  Keeps at most one unfinished line, so memory is bounded by the limits.

    ``trailers`` is meaningful once :meth:`is_done`.  Trailer fields that RFC 9110 section
    6.5.1 forbids, and names with an underscore, are left out.
    """

    __slots__ = (
        "_extension_bytes",
        "_left",
        "_limits",
        "_line",
        "_size",
        "_step",
        "_trailer_bytes",
        "trailers",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._step = _SIZE
        self._left = 0  # bytes of the current chunk still to come
        self._size = 0  # of the body so far, announced bytes included
        self._line = b""  # beginning of a line that has not ended
        self._extension_bytes = 0
        self._trailer_bytes = 0
        self.trailers: list[tuple[bytes, bytes]] = []

    def is_done(self) -> bool:
        return self._step == _DONE

    def kept_bytes(self) -> int:
        """Bytes of a line that has not ended."""
        return len(self._line)

    def decode(self, data: bytes, pieces: list[bytes]) -> int:
        """Append decoded bytes to ``pieces``; return how many bytes of ``data`` were used.

        Fewer than all only when the body is done.

        :raises ProtocolError: 400, 413 or 431.  What was decoded before is in ``pieces``
        """
        position = 0
        end = len(data)
        while position < end and self._step != _DONE:
            if self._step == _SIZE and not self._line:
                position = self._take_whole(data, position, pieces)
                if position == end:
                    break
            if self._step == _DATA:
                piece = data[position : position + self._left]
                pieces.append(piece)
                position += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._step = _DATA_END
                continue
            newline = data.find(b"\n", position)
            if newline < 0:
                self._line += data[position:]
                self._check_open_line()
                return end
            line = self._line + data[position : newline + 1]
            self._line = b""
            position = newline + 1
            self._take_line(line)
        return position

    def _take_whole(self, data: bytes, position: int, pieces: list[bytes]) -> int:
        """Take plain chunks that are all there, as far as they are in order; return where that ends.

        Line by line, a client that sends a byte in each chunk would cost three times as much.
        """
        longest, most, total = self._limits.chunk_line, self._limits.body, self._size
        while (line := _PLAIN_SIZE.match(data, position)) is not None:
            size = int(line[1], 16)
            start = line.end()
            end = start + size
            if not size or data[end : end + 2] != b"\r\n" or start - position - 2 > longest:
                break
            if most and total + size > most:
                break
            total += size
            pieces.append(data[start:end])
            position = end + 2
        self._size = total
        return position

    def _take_line(self, line: bytes) -> None:
        """Act on one line, CRLF included; lengths before syntax, as for an open line."""
        self._check_length(len(line) - (2 if line[-2:] == b"\r\n" else 1))
        if self._step == _DATA_END:
            if line != b"\r\n":
                raise ProtocolError(400, "chunk data is longer than its size")
            self._step = _SIZE
            return
        if line[-2:] != b"\r\n":
            raise ProtocolError(400, "line in a chunked body ends with a bare LF instead of CRLF")
        if self._step == _SIZE:
            self._take_size(line[:-2])
        else:
            self._take_trailer(line[:-2])

    def _take_size(self, line: bytes) -> None:
        digits, semicolon, extension = line.partition(b";")
        if semicolon:  # RFC 9110 section 5.6.3: bad whitespace must be parsed where the grammar has it
            digits = digits.rstrip(b" \t")
        if not digits or digits.translate(None, _HEX):
            raise ProtocolError(400, "chunk size is not a hexadecimal number")
        if len(digits) > _LONGEST_SIZE:
            raise ProtocolError(400, "chunk size has too many digits")
        if extension.translate(None, FIELD_CHARS):
            raise ProtocolError(400, "chunk extension contains a control character")
        self._extension_bytes += len(semicolon) + len(extension)
        if self._extension_bytes > self._limits.chunk_extension_bytes:
            raise ProtocolError(
                400, f"chunk extensions sum to over {self._limits.chunk_extension_bytes} bytes"
            )
        self._left = int(digits, 16)
        self._size += self._left
        if self._limits.body and self._size > self._limits.body:
            raise ProtocolError(413, f"chunked body grows past the limit of {self._limits.body} bytes")
        self._step = _DATA if self._left else _TRAILERS

    def _take_trailer(self, line: bytes) -> None:
        if not line:
            self._step = _DONE
            return
        self._trailer_bytes += len(line) + 2
        if len(self.trailers) >= self._limits.header_count:
            raise ProtocolError(431, f"more than {self._limits.header_count} trailer fields")
        check_field_line(line)
        name, value = split_field_line(line)
        if name not in NEVER_TRAILERS and b"_" not in name:
            self.trailers.append((name, value))

    def _check_open_line(self) -> None:
        """A line without an end must not grow, nor wait for bytes that cannot mend it."""
        line = self._line
        pending = len(line) - (line[-1:] == b"\r")
        self._check_length(pending)
        if self._step == _DATA_END and line != b"\r":
            raise ProtocolError(400, "chunk data is longer than its size")

    def _check_length(self, length: int) -> None:
        limits = self._limits
        if self._step == _SIZE and length > limits.chunk_line:
            raise ProtocolError(400, f"chunk size line longer than {limits.chunk_line} bytes")
        trailer_bytes = self._trailer_bytes + length + 2
        if self._step == _TRAILERS and length and trailer_bytes > limits.trailer_bytes:
            raise ProtocolError(431, f"trailer fields larger than {limits.trailer_bytes} bytes")
