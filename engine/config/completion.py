"""Scripts that complete options in a shell, made from the option records."""

from __future__ import annotations

from engine.config.options import Option, OptionTable, Status
from engine.config.values import Argument
from engine.errors import UsageError

__all__ = ["completion"]

_COMMAND = "gevent-engine"


def completion(shell: str, table: OptionTable) -> str:
    """Return the script.

    :raises UsageError: if there is none for this shell
    """
    makers = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    if shell not in makers:
        raise UsageError(f"--completion needs one of {', '.join(makers)}: gevent-engine --completion bash")
    return makers[shell]([option for option in table if option.status is Status.SUPPORTED])


def _kind(option: Option) -> str:
    """What may follow: nothing, file, directory, or words between ``|``."""
    metavar = option.kind.metavar
    if option.kind.argument is not Argument.REQUIRED:
        return ""
    return {"FILE": "file", "DIR": "directory"}.get(metavar, metavar)


def _words(kind: str) -> list[str]:
    return kind.split("|") if "|" in kind else []


def _bash(options: list[Option]) -> str:
    names = " ".join(f"--{name}" for option in options for name in option.names)
    cases = []
    for kind, answer in (("file", "-f"), ("directory", "-d")):
        spelled = "|".join(f"--{name}" for o in options if _kind(o) == kind for name in o.names)
        cases.append(f'        {spelled}) COMPREPLY=($(compgen {answer} -- "$word")); return ;;')
    for option in options:
        words = _words(_kind(option))
        if words:
            spelled = "|".join(f"--{name}" for name in option.names)
            cases.append(
                f'        {spelled}) COMPREPLY=($(compgen -W "{" ".join(words)}" -- "$word")); return ;;'
            )
    cases_text = "\n".join(cases)
    return f"""\
# bash completion of gevent-engine: source <(gevent-engine --completion bash)
_gevent_engine() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
    COMPREPLY=()
    case "$before" in
{cases_text}
    esac
    case "$word" in
        -*) COMPREPLY=($(compgen -W "{names}" -- "$word")) ;;
        *) COMPREPLY=($(compgen -f -- "$word")) ;;
    esac
}}
complete -o filenames -F _gevent_engine {_COMMAND}
"""


def _zsh(options: list[Option]) -> str:
    lines = []
    for option in options:
        help_text = (
            _brief(option).replace("[", "(").replace("]", ")").replace("'", "'\\''").replace(":", "\\:")
        )
        for name in option.names:
            line = f"--{name}"
            star = "*" if option.multiple else ""
            kind = _kind(option)
            action = ""
            if kind:
                words = _words(kind)
                does = {"file": "_files", "directory": "_files -/"}.get(
                    kind, f"({' '.join(words)})" if words else " "
                )
                action = f":{option.kind.metavar.split('|')[0].lower()}:{does}"
                line += "="
            lines.append(f"  '{star}{line}[{help_text}]{action}'")
    text = " \\\n".join([*lines, "  '*:file or module:_files'"])
    return f"""\
#compdef {_COMMAND}
# zsh completion: source <(gevent-engine --completion zsh)
_gevent_engine() {{
  _arguments -S \\
{_indented(text)}
}}
compdef _gevent_engine {_COMMAND}
"""


def _indented(text: str) -> str:
    return "\n".join("  " + line for line in text.split("\n"))


def _fish(options: list[Option]) -> str:
    lines = ["# fish completion: gevent-engine --completion fish | source"]
    for option in options:
        kind = _kind(option)
        text = _brief(option).replace("\\", "\\\\").replace("'", "\\'")
        for name in option.names:
            short = f" -s {option.short}" if option.short and name == option.name else ""
            wants = ""
            if kind == "file":
                wants = " -r -F"
            elif kind == "directory":
                wants = " -x -a '(__fish_complete_directories)'"
            elif kind:
                wants = f" -x -a '{' '.join(_words(kind))}'" if _words(kind) else " -x"
            lines.append(f"complete -c {_COMMAND}{short} -l {name}{wants} -d '{text}'")
    return "\n".join(lines) + "\n"


def _brief(option: Option) -> str:
    return option.help.split(". ")[0].rstrip(".")
