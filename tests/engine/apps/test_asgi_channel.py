"""Both ends of an ASGI request, without sockets: what is allowed when, and who is woken."""

from __future__ import annotations

import asyncio

import pytest

from engine.apps.asgi.bell import Bell
from engine.apps.asgi.channel import HttpChannel
from engine.errors import BodyTimeout, BrokenBody, ClientDisconnected, ReplyError, WriteTimeout
from engine.request.body import EMPTY_BODY, RequestBody
from engine.request.exchange import Exchange
from tests.engine.request.fakes import FakeLink, get


class TaskLink(FakeLink):
    """A link that a task can use."""

    full = False
    left = False
    place = None

    def tell(self, place):
        self.place = place

    def is_full(self):
        return self.full

    def peer_left(self):
        return self.left

    def pause_body(self): ...
    def resume_body(self): ...
    def body_wanted(self): ...


class Request:
    def __init__(self, body=False, timeout=5.0, **head):
        self.link = TaskLink()
        self.body = RequestBody(self.link, None, timeout) if body else EMPTY_BODY
        self.exchange = Exchange(self.link, get(**head), self.body)
        self.bell = Bell()
        self.link.tell(self.bell)
        if body:
            self.body.tell(self.bell)
        self.channel = HttpChannel(self.exchange, self.bell, timeout, asyncio.to_thread, True)
        self.receive, self.send = self.channel.receive, self.channel.send

    async def start(self, **keys):
        await self.send({"type": "http.response.start", "status": 200, **keys})

    async def piece(self, data=b"", more=False):
        await self.send({"type": "http.response.body", "body": data, "more_body": more})


def run(coro):
    return asyncio.run(coro)


async def turns(number=3):
    for _ in range(number):
        await asyncio.sleep(0)


# -- receive


def test_a_request_without_a_body_is_one_empty_message_then_silence():
    async def main():
        request = Request()
        assert await request.receive() == {"type": "http.request", "body": b"", "more_body": False}
        waiting = asyncio.create_task(request.receive())
        await turns()
        assert not waiting.done()
        request.link.left = True
        request.bell.unpark()
        assert await waiting == {"type": "http.disconnect"}

    run(main())


def test_the_last_piece_says_so_if_the_end_is_known():
    async def main():
        request = Request(body=True)
        request.body.feed(b"one")
        assert await request.receive() == {"type": "http.request", "body": b"one", "more_body": True}
        request.body.feed(b"two")
        request.body.finish()
        assert await request.receive() == {"type": "http.request", "body": b"two", "more_body": False}

    run(main())


def test_the_end_alone_is_an_empty_message():
    async def main():
        request = Request(body=True)
        waiting = asyncio.create_task(request.receive())
        await turns()
        request.body.finish()
        assert await waiting == {"type": "http.request", "body": b"", "more_body": False}

    run(main())


def test_a_broken_body_is_a_disconnect_for_the_application_and_is_remembered():
    async def main():
        request = Request(body=True)
        request.body.fail("bad chunk", 400)
        assert await request.receive() == {"type": "http.disconnect"}
        assert isinstance(request.channel.refused, BrokenBody)
        assert await request.receive() == {"type": "http.disconnect"}

    run(main())


def test_a_body_that_stops_is_given_up_after_the_timeout():
    async def main():
        request = Request(body=True, timeout=0.01)
        assert await request.receive() == {"type": "http.disconnect"}
        assert isinstance(request.channel.refused, BodyTimeout)

    run(main())


def test_several_tasks_may_wait_for_the_end():
    async def main():
        request = Request()
        await request.receive()
        waiting = [asyncio.create_task(request.receive()) for _ in range(3)]
        await turns()
        waiting[0].cancel()
        await turns()
        await request.start()
        await request.piece(b"done")
        assert [await each for each in waiting[1:]] == [{"type": "http.disconnect"}] * 2

    run(main())


# -- send


def test_the_head_waits_for_the_first_piece():
    async def main():
        request = Request()
        await request.start(headers=[(b"x-a", b"1")])
        assert request.link.wire == b""
        await request.piece(b"hi")
        assert b"x-a: 1\r\n" in request.link.wire
        assert b"Content-Length: 2\r\n" in request.link.wire
        assert request.link.body == b"hi"
        assert request.link.place is None, "the next request would find our bell"

    run(main())


@pytest.mark.parametrize(
    "messages",
    [
        [{"type": "http.response.body"}],
        [{"type": "http.response.trailers"}],
        [{"type": "http.response.pathsend", "path": "/etc/hosts"}],
        [{"type": "http.response.start", "status": 200}, {"type": "http.response.start", "status": 200}],
        [{"type": "http.response.start", "status": 200}, {"type": "http.response.trailers"}],
        [{"type": "http.response.start", "status": "200 OK"}],
        [{"type": "http.response.start", "status": 1000}],
        [{"type": "websocket.accept"}],
    ],
)
def test_messages_out_of_turn_are_refused(messages):
    async def main():
        request = Request()
        for message in messages[:-1]:
            await request.send(message)
        with pytest.raises(ReplyError):
            await request.send(messages[-1])

    run(main())


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "http.response.start", "status": 200, "headers": [("a", "b")]}, r"\('a', 'b'\)"),
        ({"type": "http.response.start", "status": 200, "headers": [(b"a", 1)]}, r"\(b'a', 1\)"),
    ],
)
def test_headers_are_bytes(message, words):
    async def main():
        with pytest.raises(TypeError, match=words):
            await Request().send(message)

    run(main())


def test_a_body_is_bytes():
    async def main():
        request = Request()
        await request.start()
        with pytest.raises(TypeError, match="not str; encode it"):
            await request.piece("text")
        await request.piece(memoryview(b"view"), more=True)
        await request.piece(bytearray(b" array"))
        assert request.link.body == b"4\r\nview\r\n6\r\n array\r\n0\r\n\r\n"

    run(main())


def test_what_follows_a_complete_reply_is_ignored():
    async def main():
        request = Request()
        await request.start()
        await request.piece(b"all")
        await request.piece(b"more")
        await request.start()
        assert request.link.body == b"all"

    run(main())


def test_unless_the_client_is_gone():
    async def main():
        request = Request()
        await request.start()
        await request.piece(b"all")
        request.link.left = True
        with pytest.raises(ClientDisconnected):
            await request.piece(b"more")

    run(main())


def test_a_full_outlet_makes_send_wait():
    async def main():
        request = Request()
        await request.start()
        request.link.full = True
        sending = asyncio.create_task(request.piece(b"x", more=True))
        await turns()
        assert not sending.done()
        request.bell.unpark()  # for another reason
        await turns()
        assert not sending.done()
        request.link.full = False
        request.bell.unpark()
        await sending

    run(main())


def test_a_client_that_takes_nothing_is_given_up():
    async def main():
        request = Request(timeout=0.01)
        await request.start()
        request.link.full = True
        with pytest.raises(WriteTimeout):
            await request.piece(b"x", more=True)

    run(main())


def test_a_client_that_leaves_meanwhile_is_told():
    async def main():
        request = Request()
        await request.start()
        request.link.full = True
        sending = asyncio.create_task(request.piece(b"x", more=True))
        await turns()
        request.exchange.gone = True
        request.link.full = False
        request.bell.unpark()
        with pytest.raises(ClientDisconnected):
            await sending

    run(main())


def test_trailers_may_come_in_parts():
    async def main():
        request = Request()
        await request.start(trailers=True)
        await request.piece(b"x")
        trailers = {"type": "http.response.trailers", "headers": [(b"a", b"1")], "more_trailers": True}
        await request.send(trailers)
        assert not request.exchange.is_ended()
        await request.send({"type": "http.response.trailers", "headers": [(b"b", b"2")]})
        assert request.link.body == b"1\r\nx\r\n0\r\na: 1\r\nb: 2\r\n\r\n"

    run(main())


# -- the bell


def test_a_bell_that_nobody_hears():
    Bell().unpark()


def test_a_bell_wakes_all_or_nobody_in_time():
    async def main():
        bell = Bell()
        waiting = [asyncio.create_task(bell.wait(timeout)) for timeout in (None, 5.0, 0.01)]
        assert await waiting[2] is False
        bell.unpark()
        assert [await each for each in waiting[:2]] == [True, True]

    run(main())


def test_a_bell_is_no_place_for_greenlets():
    with pytest.raises(RuntimeError, match="await bell"):
        Bell().park(1.0)
