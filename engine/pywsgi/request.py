"""The environ of one request (PEP 3333; the keys of ``gevent.pywsgi``)."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote_to_bytes

from engine.interfaces import Environ
from engine.protocols.events import RequestHead

__all__ = ["fill_environ"]

_CACHE_LIMIT: Final = 1024
_LONGEST_NAME: Final = 64  # in bytes, of those remembered
_PLAIN_KEYS: Final = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
_keys: dict[bytes, str] = dict(_PLAIN_KEYS)


def fill_environ(environ: Environ, head: RequestHead, client: Any) -> None:
    """Add what *head* says to an environ that holds what the server says.

    :param client: the client's address as ``accept`` gives it; a tuple for TCP
    """
    path = head.path
    environ["REQUEST_METHOD"] = head.method
    environ["SCRIPT_NAME"] = ""
    environ["REQUEST_URI"] = head.target.decode("latin-1")
    environ["PATH_INFO"] = (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")
    environ["QUERY_STRING"] = head.query.decode("latin-1")
    environ["SERVER_PROTOCOL"] = f"HTTP/{head.http_version}"
    if isinstance(client, tuple):
        environ["REMOTE_ADDR"] = str(client[0])
        environ["REMOTE_PORT"] = str(client[1])
    for name, value in head.headers:
        key = _keys.get(name) or _key_of(name)
        text = value.decode("latin-1")
        if key in environ and key.startswith("HTTP_"):
            separator = "; " if "COOKIE" in key else ","
            environ[key] = f"{environ[key]}{separator}{text}"
        else:
            environ[key] = text


def _key_of(name: bytes) -> str:
    key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
    if len(name) <= _LONGEST_NAME:  # clients make names up: they must not fill the memory, nor for good
        if len(_keys) >= _CACHE_LIMIT:
            _keys.clear()
            _keys.update(_PLAIN_KEYS)
        _keys[name] = key
    return key
