"""One websocket without I/O: bytes in, messages out, and the other way round (RFC 6455).

Frames, masking, close codes and compression are the library's; messages made of fragments and the check of
their text are done here, since its protocol layer leaves both to its caller.
"""

from __future__ import annotations

import codecs
import logging
from collections.abc import Sequence
from typing import Final, TypeAlias

from websockets.extensions import Extension
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side, State

__all__ = ["Message", "Session"]

Message: TypeAlias = str | bytes
"""A text message is a str, a binary one is bytes."""

_UTF8: Final = codecs.getincrementaldecoder("utf-8")
# The library tells its logger about each connection; the engine has a log of its own.
_SILENT: Final = logging.Logger("engine.websocket", logging.CRITICAL + 1)


class _Frames(Protocol):
    """The library's protocol, but a client may close in the middle of a message (RFC 6455 section 5.4)."""

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class Session:
    """The protocol of one accepted websocket, server side.

    :param max_size: longest message in bytes, after decompression; 0 means any
    :param extensions: as the handshake has settled them
    """

    def __init__(self, max_size: int, extensions: Sequence[Extension] = ()) -> None:
        self._protocol = _Frames(Side.SERVER, max_size=max_size or None, logger=_SILENT)
        self._protocol.extensions = list(extensions)
        self._pieces: list[Message] = []
        self._decoder: codecs.IncrementalDecoder | None = None
        self.expands = bool(extensions)
        """Whether a message may be much longer than the bytes that bring it."""
        self.wants_end = False
        """Whether nothing more is to be sent: the connection should be closed."""
        self.fault = ""
        """How the client broke the protocol, if it did."""

    # -- questions ------------------------------------------------------------------------

    def is_open(self) -> bool:
        """Whether messages can be sent: no close frame went either way."""
        return self._protocol.state is State.OPEN

    def is_clean(self) -> bool:
        """Whether both sides have said goodbye."""
        return self._protocol.close_rcvd is not None and self._protocol.close_sent is not None

    def close_info(self) -> tuple[int, str]:
        """Code and reason of the end: the client's, else ours, else 1006."""
        close = self._protocol.close_rcvd or self._protocol.close_sent
        if close is None:
            return int(CloseCode.ABNORMAL_CLOSURE), ""
        return int(close.code), close.reason

    # -- what the client sends ----------------------------------------------------------------

    def receive(self, data: bytes) -> list[Message]:
        """Take bytes; return the messages they complete.  Pings are answered in :meth:`output`."""
        protocol = self._protocol
        protocol.receive_data(data)
        messages: list[Message] = []
        for event in protocol.events_received():
            if isinstance(event, Frame) and not self._take(event, messages):
                break
        if protocol.parser_exc is not None and not self.fault:
            self.fault = str(protocol.parser_exc) or type(protocol.parser_exc).__name__
        return messages

    def receive_eof(self) -> None:
        """The client will send nothing more."""
        self._protocol.receive_eof()
        self._protocol.events_received()

    def _take(self, frame: Frame, messages: list[Message]) -> bool:
        opcode = frame.opcode
        if opcode is Opcode.CONT:
            pass
        elif opcode is Opcode.TEXT:
            self._decoder = _UTF8()
        elif opcode is Opcode.BINARY:
            self._decoder = None
        else:
            return True  # control frames are the library's affair
        data = bytes(frame.data)
        piece: Message = data
        if self._decoder is not None:
            try:
                piece = self._decoder.decode(data, frame.fin)
            except UnicodeDecodeError as error:
                self._refuse_text(error)
                return False
        if not frame.fin:
            if piece:
                self._pieces.append(piece)
        elif not self._pieces:
            messages.append(piece)
        else:
            self._pieces.append(piece)
            empty: Message = "" if self._decoder is not None else b""
            messages.append(empty.join(self._pieces))  # type: ignore[arg-type]
            self._pieces = []
        return True

    def _refuse_text(self, error: UnicodeDecodeError) -> None:
        """RFC 6455 section 8.1: text that is no UTF-8 ends the connection."""
        self.fault = f"text that is no UTF-8: {error.reason}"
        self._pieces = []
        self._protocol.fail(CloseCode.INVALID_DATA, self.fault)

    # -- what the application sends -----------------------------------------------------------

    def send(self, data: bytes, text: bool) -> None:
        """Frame a message; only while :meth:`is_open`."""
        if text:
            self._protocol.send_text(data)
        else:
            self._protocol.send_binary(data)

    def ping(self) -> None:
        """Ask the client for a sign of life."""
        self._protocol.send_ping(b"")

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake; only while :meth:`is_open`.

        :raises ValueError: if *code* may not be sent, or *reason* is longer than 123 bytes
        """
        if not (code in (1000, 1001, 1002, 1003) or 1007 <= code <= 1014 or 3000 <= code <= 4999):
            raise ValueError(f"close code {code} may not be sent (RFC 6455 section 7.4)")
        if len(reason.encode()) > 123:
            raise ValueError("the reason of a close is longer than 123 bytes (RFC 6455 section 5.5)")
        self._protocol.send_close(code, reason)

    def output(self) -> bytes:
        """Return what is to be sent now."""
        writes = self._protocol.data_to_send()
        if b"" in writes:
            self.wants_end = True
        return writes[0] if len(writes) == 1 else b"".join(writes)

    def __repr__(self) -> str:
        return f"<Session {self._protocol.state.name}>"
