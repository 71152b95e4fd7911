"""Rules of the options about the request log."""

from __future__ import annotations

from engine.config.merge import Merged
from engine.errors import ConfigError
from engine.logs.line_format import DEFAULT_JSON_FIELDS, compile_format, compile_json, own_names
from engine.logs.settings import Exceptions, RequestLogSettings
from engine.logs.variables import Surroundings

__all__ = ["request_log"]


def request_log(merged: Merged, notices: list[str]) -> RequestLogSettings:
    """Return how requests are to be logged; a format is tried, so that errors show before anything starts.

    :raises ConfigError: if a format cannot be used
    """
    pattern = merged.text("log-format")
    fields = _json_fields(merged)
    if pattern is not None and fields:
        raise ConfigError(
            "--log-format and --log-json make different lines; keep one. --log-json status,uri chooses fields"
        )
    if pattern is not None:
        compile_format(pattern, Surroundings())
        own = own_names(pattern)
        if own:
            notices.append(f"log-format: set by the application (uwsgi.set_logvar): {', '.join(own)}")
    elif fields:
        compile_json(fields, Surroundings())
    return RequestLogSettings(
        enabled=not merged.flag("disable-logging"),
        exceptions=Exceptions(
            merged.flag("log-4xx"),
            merged.flag("log-5xx"),
            merged.integer("log-slow"),
            merged.integer("log-big"),
            merged.flag("log-zero"),
            merged.flag("log-sendfile"),
            merged.flag("log-ioerror"),
        ),
        pattern=pattern,
        json_fields=fields,
        micros=merged.flag("log-micros"),
        forwarded_for=merged.flag("log-x-forwarded-for"),
        memory=merged.flag("memory-report"),
        date_format=_date_format(merged),
    )


def _json_fields(merged: Merged) -> tuple[str, ...]:
    text = merged.text("log-json")
    if text is None or text == "0":
        return ()
    return tuple(name.strip() for name in text.split(",") if name.strip()) or DEFAULT_JSON_FIELDS


def _date_format(merged: Merged) -> str | None:
    """As in uWSGI, ``--log-date`` is the pattern of %(ftime) if ``--log-format-strftime`` is there too."""
    date = merged.text("log-date")
    return date if date not in (None, "", "0") and merged.flag("log-format-strftime") else None
