"""Options about options: files, placeholders, help.

``if-*``, ``for*`` and their ends are not options but keys of files; :mod:`engine.config.logic` knows them.
"""

from __future__ import annotations

from typing import Final

from engine.config.options.inactive import noop
from engine.config.options.record import Option, Section
from engine.config.values import ASSIGNMENT, FILE, choice

__all__ = ["CONFIGURATION"]

CONFIGURATION: Final = Section(
    "Configuration",
    (
        Option(
            "ini",
            FILE,
            "Read options from section [uwsgi] of this file, or from FILE:SECTION. The last one given wins, "
            "whether in a file or on the command line.",
            aliases=("config",),
            multiple=True,
            page="Configuration.html#ini-files",
        ),
        Option("include", FILE, "Read another file at this point.", multiple=True),
        Option("inherit", FILE, "Read another file for what is not set elsewhere.", multiple=True),
        Option(
            "set",
            ASSIGNMENT,
            "Define a placeholder: %(NAME) stands for VALUE in every other option.",
            aliases=("set-placeholder", "set-ph"),
            short="S",
            multiple=True,
            page="Configuration.html#placeholders",
        ),
        Option("check-config", help="Check the configuration and end: status 0 if it can be used.", page="-"),
        Option(
            "show-config",
            help="Print the configuration as one ini file. On the command line that is all that is done; "
            "in a file the server then starts, as in uWSGI.",
        ),
        Option("version", help="Print the version and end."),
        Option("help", help="Print this text and end.", short="h", aliases=("usage",)),
        noop("strict", "unknown options are always errors", priority="P0"),
        Option(
            "yaml",
            FILE,
            "Read options from the mapping uwsgi of this YAML file; needs PyYAML. The ending of names "
            "counts everywhere, so --ini and include take YAML, JSON and TOML too.",
            aliases=("yml",),
            short="y",
            multiple=True,
            page="Configuration.html#yaml-files",
        ),
        Option(
            "json",
            FILE,
            "Read options from the object uwsgi of this JSON file.",
            aliases=("js",),
            multiple=True,
            page="Configuration.html#json-files",
        ),
        Option("toml", FILE, "Read options from the table uwsgi of this TOML file.", multiple=True, page="-"),
        Option(
            "completion",
            choice("bash", "zsh", "fish"),
            "Print a script that completes options in this shell, and end.",
            page="-",
        ),
        Option(
            "xml",
            FILE,
            "Read options from the element uwsgi of this XML file; FILE:ID takes the one with this id.",
            aliases=("xmlconfig",),
            short="x",
            multiple=True,
            page="Configuration.html#xml-files",
            priority="P1",
        ),
    ),
)
