"""A websocket on a stream of HTTP/2 (RFC 8441): ``h2`` frames outside, ``wsproto`` frames inside."""

from __future__ import annotations

from collections.abc import Iterable

from h2.settings import SettingCodes
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import CloseReason

from tests.support.http2_client import Http2Client, Http2Reply

__all__ = ["Http2WebSocket"]


class Http2WebSocket:
    """Asks for a websocket; :attr:`reply` has the server's answer.

    :param early: bytes to send behind the request at once
    """

    def __init__(
        self,
        client: Http2Client,
        path: str,
        headers: Iterable[tuple[str, str]] = (),
        *,
        deflate: bool = False,
        version: str = "13",
        early: bytes = b"",
    ) -> None:
        client.receive_until(lambda: client.h2.remote_settings.enable_connect_protocol, "its settings")
        assert client.h2.remote_settings[SettingCodes.ENABLE_CONNECT_PROTOCOL] == 1
        self.client = client
        offer = PerMessageDeflate()
        if deflate:
            headers = [*headers, ("sec-websocket-extensions", f"permessage-deflate; {offer.offer()}")]
        pseudo = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":path", path),
            (":authority", "localhost"),
        ]
        self.number = client.start(
            "", "", [("sec-websocket-version", version), *headers], end=False, pseudo=pseudo
        )
        if early:
            client.send(self.number, early)
        client.receive_until(lambda: self.reply.headers or self.reply.is_over(), "the answer")
        agreed = self.reply.headers.get("sec-websocket-extensions", "")
        extensions = []
        if agreed.startswith("permessage-deflate"):
            offer.finalize(agreed)
            extensions = [offer]
        self._frames = Connection(ConnectionType.CLIENT, extensions)
        self._events: list[Event] = []

    @property
    def reply(self) -> Http2Reply:
        return self.client.replies[self.number]

    @property
    def is_compressed(self) -> bool:
        return bool(self._frames._proto.extensions)

    def send_event(self, event: Event) -> None:
        self.client.send(self.number, self._frames.send(event))

    def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.send_event(TextMessage(data=message))
        else:
            self.send_event(BytesMessage(data=message))

    def receive(self) -> Event:
        """Return the next event of ``wsproto``; pings are answered, messages are whole."""
        text = ""
        data = b""
        while True:
            event = self._next()
            if isinstance(event, Ping):
                self.send_event(event.response())
            elif isinstance(event, TextMessage):
                text += event.data
                if event.message_finished:
                    return TextMessage(data=text)
            elif isinstance(event, BytesMessage):
                data += bytes(event.data)
                if event.message_finished:
                    return BytesMessage(data=data)
            else:
                return event

    def message(self) -> str | bytes:
        event = self.receive()
        assert isinstance(event, TextMessage | BytesMessage), event
        return event.data

    def ping(self, payload: bytes) -> bytes:
        self.send_event(Ping(payload=payload))
        event = self.receive()
        assert isinstance(event, Pong), event
        return bytes(event.payload)

    def close(self, code: int = CloseReason.NORMAL_CLOSURE) -> CloseConnection:
        """Shake hands for the end; the server ends the stream then, and so does the client."""
        self.send_event(CloseConnection(code=code))
        event = self.receive()
        assert isinstance(event, CloseConnection), event
        self.end()
        return event

    def answer_close(self) -> CloseConnection:
        """Wait for the server's goodbye and answer it."""
        event = self.receive()
        assert isinstance(event, CloseConnection), event
        self.send_event(event.response())
        self.end()
        return event

    def end(self) -> None:
        """The server has ended the stream, so does the client."""
        reply = self.client.finish(self.number)
        assert reply.reset is None, reply.reset
        self.client.send(self.number, b"", end=True)

    def _next(self) -> Event:
        while not self._events:
            self.client.receive_until(lambda: self.reply.body or self.reply.is_over(), "a websocket frame")
            body = self.reply.body
            if not body:
                raise EOFError(f"the stream is over: {self.reply}")
            self._frames.receive_data(bytes(body))
            body.clear()
            self._events = list(self._frames.events())
        return self._events.pop(0)
