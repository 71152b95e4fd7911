"""Where figures come from: addresses, servers that speak first, servers that wait to be asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.top import source
from engine.top.source import Place, Source, SourceError, parse_place

DOCUMENT = b'{"workers": []}'


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:9191", Place("127.0.0.1:9191", "127.0.0.1", 9191)),
        (":9191", Place(":9191", "127.0.0.1", 9191)),
        ("[::1]:9191", Place("[::1]:9191", "::1", 9191)),
        ("/run/s.sock", Place("/run/s.sock", path="/run/s.sock")),
        ("./s.sock", Place("./s.sock", path="./s.sock")),
        ("@stats", Place("@stats", path="\0stats")),
        ("http://a.b", Place("http://a.b", "a.b", 80, target="/")),
        ("http://[::1]:81/x?y", Place("http://[::1]:81/x?y", "::1", 81, target="/x?y")),
        ("https://a.b/", Place("https://a.b/", "a.b", 443, target="/", tls=True)),
    ],
)
def test_places(text, place):
    assert parse_place(text) == place


@pytest.mark.parametrize(
    "text", ["", "9191", "host:", "host:0", "host:99999", "ftp://x/", "http://", "http://a:x/"]
)
def test_what_is_no_place(text):
    with pytest.raises(UsageError, match="accepted are HOST:PORT"):
        parse_place(text)


def fetch(answer: bytes, *, asked: bool, text: str = "{path}", tmp_path: Path) -> tuple[dict, list[bytes]]:
    """Serve *answer* to one client, after its head if *asked*; return what it made of it, and the heads."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        writer.close()

    async def main() -> dict:
        path = str(tmp_path / "s.sock")
        server = await asyncio.start_unix_server(serve, path)
        async with server:
            return await Source(parse_place(path)).fetch()

    return asyncio.run(main()), heads


def test_a_server_that_speaks_first(tmp_path):
    assert fetch(DOCUMENT, asked=False, tmp_path=tmp_path) == ({"workers": []}, [])


def test_a_server_that_waits_to_be_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "_SILENCE", 0.05)
    document, heads = fetch(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\n" + DOCUMENT, asked=True, tmp_path=tmp_path)
    assert document == {"workers": []}
    assert heads[0].startswith(b"GET / HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n")


@pytest.mark.parametrize(
    ("answer", "asked", "message"),
    [
        (b"", False, "neither JSON nor HTTP|does not send"),
        (b"SSH-2.0-x\r\n", False, "does not send the document"),
        (b"[1]", False, "does not send the document"),
        (b"SSH-2.0-x\r\n", True, "neither JSON nor HTTP"),
        (b"HTTP/1.0 404 Not Found\r\n\r\n{}", True, "answers 404 Not Found"),
    ],
)
def test_answers_that_are_none(answer, asked, message, tmp_path, monkeypatch):
    monkeypatch.setattr(source, "_SILENCE", 0.05)
    with pytest.raises(SourceError, match=message):
        fetch(answer, asked=asked, tmp_path=tmp_path)


def test_nobody_there(tmp_path):
    with pytest.raises(SourceError, match="No such file"):
        asyncio.run(Source(parse_place(str(tmp_path / "none"))).fetch())
