"""Encoders: what a line becomes before it is written (uWSGI docs, LogEncoders)."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from engine.errors import ConfigError

__all__ = ["ENCODERS", "Encode", "encoder_for", "split_encoder"]

Encode: TypeAlias = Callable[[bytes], bytes]
"""A line without line end -> what is written."""

ENCODERS: Final = ("prefix", "suffix", "nl", "format", "json")
_VARIABLE: Final = re.compile(r"\$\{(msgnl|msg|unix|micros|millis|strftime:[^}]*)\}")


def split_encoder(option: str, text: str) -> tuple[str, str, str | None]:
    """Return kind, argument and the logger's name that an encoder is for (``json:NAME ...``), if any.

    :raises ConfigError: if there is no such encoder
    """
    head, _, argument = text.partition(" ")
    kind, _, name = head.partition(":")
    if kind not in ENCODERS:
        raise ConfigError(f"--{option} {text}: unknown encoder {kind!r}; there are {', '.join(ENCODERS)}")
    return kind, argument, name or None


def encoder_for(logger: str | None, texts: Iterable[str]) -> Encode:
    """Return all encoders of one logger in a row; lines end in a line feed whatever they do."""
    steps = [
        _encoder(kind, argument)
        for kind, argument, name in (split_encoder("log-encoder", text) for text in texts)
        if name is None or name == logger
    ]

    def encode(line: bytes) -> bytes:
        for step in steps:
            line = step(line)
        return line if line.endswith(b"\n") else line + b"\n"

    return encode


def _encoder(kind: str, argument: str) -> Encode:
    data = argument.encode()
    if kind == "prefix":
        return lambda line: data + line
    if kind == "suffix":
        return lambda line: line + data
    if kind == "nl":
        return lambda line: line if line.endswith(b"\n") else line + b"\n"
    if kind == "json":
        return _template(argument, lambda text: json.dumps(text)[1:-1])
    return _template(argument, str)


def _template(template: str, quote: Callable[[str], str]) -> Encode:
    def encode(line: bytes) -> bytes:
        text = line.decode("utf-8", "surrogateescape").removesuffix("\n")
        now = time.time()

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name == "msg":
                return quote(text)
            if name == "msgnl":
                return quote(text + "\n")
            if name == "unix":
                return str(int(now))
            if name in ("micros", "millis"):
                return str(int(now * (1e6 if name == "micros" else 1e3)))
            return quote(time.strftime(name.partition(":")[2], time.localtime(now)))

        return _VARIABLE.sub(value, template).encode("utf-8", "surrogateescape")

    return encode
