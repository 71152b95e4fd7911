"""``h2`` with what a server that is shared by many clients of a proxy needs besides.

Imports ``h2``; only imported where HTTP/2 is spoken.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import InvalidBodyLengthError, ProtocolError
from h2.settings import SettingCodes, Settings
from hpack.exceptions import HPACKError
from hyperframe.exceptions import InvalidDataError
from hyperframe.frame import GoAwayFrame, SettingsFrame

from engine.protocols.limits import Limits

__all__ = ["WINDOW", "Frames", "StreamBroken"]

WINDOW: Final = 65535
"""Bytes of its body that a client may send before the application reads (RFC 9113 section 6.9.2)."""

_TABLE: Final = 4096  # bytes of memory for compressing a client's replies; the default of RFC 7541
_TABLE_SIZE: Final = SettingCodes.HEADER_TABLE_SIZE
_NO_LIMIT: Final = (1 << 31) - 1


class StreamBroken:
    """An event beside those of ``h2``: the client broke a rule, and its stream has been reset."""

    def __init__(self, stream_id: int) -> None:
        self.stream_id = stream_id


class Frames(H2Connection):
    """The frames of one connection.

    Request fields are not checked here but in ``engine.protocols.http2.head``.  What ``h2`` takes for the
    end of the connection although RFC 9113 calls it an error of a stream, ends the stream only:
    a body that is not as long as announced, and more streams than were allowed (for the caller to refuse:
    a client may open them before it has read the settings).  A client's GOAWAY only sets
    :attr:`peer_goes`, so that its last requests can be answered (section 6.8).
    """

    def __init__(self, limits: Limits, max_streams: int, websockets: bool = False) -> None:
        super().__init__(
            H2Configuration(
                client_side=False,
                header_encoding=None,
                validate_inbound_headers=False,
                normalize_inbound_headers=False,
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.received = 0
        """Frames so far."""

        self.peer_goes = False
        self.lost = 0
        """Bytes of DATA that no event tells of; still to be given back to the connection's window."""

        told = {
            SettingCodes.MAX_CONCURRENT_STREAMS: max_streams,
            SettingCodes.MAX_HEADER_LIST_SIZE: limits.header_bytes,
            SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
        }
        if websockets:
            told[SettingCodes.ENABLE_CONNECT_PROTOCOL] = 1  # RFC 8441 section 3
        self.local_settings = Settings(client=False, initial_values=told)
        self.initiate_connection()
        self.local_settings = Settings(
            client=False, initial_values={**told, SettingCodes.MAX_CONCURRENT_STREAMS: _NO_LIMIT}
        )
        # Somewhat more than is allowed gets 431 instead of the end of the connection.
        self.decoder.max_header_list_size = 2 * limits.header_bytes + 64 * limits.header_count
        # All streams together may fill their windows, so none can keep the others from sending.
        self.increment_flow_control_window(max_streams * WINDOW)

    def _receive_frame(self, frame: Any) -> Any:
        self.received += 1
        if type(frame) is GoAwayFrame:
            self.peer_goes = True
            return []
        if type(frame) is SettingsFrame and frame.settings.get(_TABLE_SIZE, 0) > _TABLE:
            frame.settings[_TABLE_SIZE] = _TABLE  # the server may use less than the client offers
        try:
            return super()._receive_frame(frame)
        except InvalidBodyLengthError:
            self.lost += frame.flow_controlled_length
        except ProtocolError as exc:
            if type(exc) is not ProtocolError:
                raise
            if isinstance(exc.__cause__, HPACKError):
                exc.error_code = ErrorCodes.COMPRESSION_ERROR  # RFC 9113 section 4.3
                raise
            # h2 has no class of its own for this one.
            if "content-length" not in str(exc):
                raise
        number, code = frame.stream_id, ErrorCodes.PROTOCOL_ERROR
        self.reset_stream(number, code)
        return [StreamBroken(number)]

    def _terminate_connection(self, error_code: ErrorCodes) -> None:
        cause = getattr(sys.exc_info()[1], "__cause__", None)
        # hyperframe has one error for all it does not like in a frame (RFC 9113 section 6.5).
        if isinstance(cause, InvalidDataError) and "SETTINGS ack" in str(cause):
            error_code = ErrorCodes.FRAME_SIZE_ERROR
        super()._terminate_connection(error_code)

    def is_in_frame(self) -> bool:
        """Whether a frame, or a head of several, has begun and not ended."""
        buffer: Any = self.incoming_buffer
        return bool(buffer._data or buffer._headers_buffer)

    def stream_window(self, number: int) -> int:
        """How much of one stream the client would take, whatever the connection's own window says."""
        return int(self.streams[number].outbound_flow_control_window)

    def goaway(self, code: int = 0) -> bytes:
        """Return a GOAWAY frame; other than ``close_connection`` it leaves the streams as they are."""
        frame = GoAwayFrame(0, last_stream_id=self.highest_inbound_stream_id, error_code=code)
        return bytes(frame.serialize())
