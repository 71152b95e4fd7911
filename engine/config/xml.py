"""XML files: each element inside ``<uwsgi>`` is an option (uWSGI docs, Configuration, "XML files").

    <uwsgi>
      <gevent>100</gevent>
      <master/>
    </uwsgi>

``FILE:ID`` takes the element ``<uwsgi id="ID">``, as in uWSGI; the root may be ``<uwsgi>`` itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.parsers import expat

from engine.errors import ConfigError, UsageError

__all__ = ["read_xml"]

_OPTIONS = "uwsgi"


class _Collector:
    """Takes what the parser finds: (section, option, value, line)."""

    def __init__(self, file: str, parser: expat.XMLParserType) -> None:
        self._file = file
        self._parser = parser
        self._path: list[str] = []
        self._section: str | None = None
        self._text: list[str] = []
        self._line = 0
        self.found: list[tuple[str, str, str, int]] = []
        self.sections: list[str] = []
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._section is not None and len(self._path) and self._path[-1] != _OPTIONS:
            raise ConfigError(
                f"{self._file}, line {self._parser.CurrentLineNumber}: <{name}> inside of an option; "
                "options hold text only"
            )
        if name == _OPTIONS and self._section is None:
            self._section = attributes.get("id", _OPTIONS)
            self.sections.append(self._section)
        self._path.append(name)
        self._text.clear()
        self._line = self._parser.CurrentLineNumber

    def _end(self, name: str) -> None:
        self._path.pop()
        if self._section is None:
            return
        if name == _OPTIONS:
            self._section = None
        else:
            self.found.append((self._section, name, "".join(self._text).strip(), self._line))


def read_xml(text: str, file: str, section: str) -> Iterator[tuple[str, str, int]]:
    """Yield option, value and line, in order.

    :raises UsageError: if there is no element for the section
    :raises ConfigError: if the file is no XML that can be read
    """
    parser = expat.ParserCreate()
    collector = _Collector(file, parser)
    try:
        parser.Parse(text.encode("utf-8", "surrogateescape"), True)
    except expat.ExpatError as error:
        raise ConfigError(f"{file}: {error}") from error
    if section not in collector.sections:
        listed = ", ".join(map(repr, collector.sections)) or "none"
        raise UsageError(f"{file} has no element <uwsgi> for {section!r}; ids are {listed}")
    for each, name, value, line in collector.found:
        if each == section:
            yield name, value, line
