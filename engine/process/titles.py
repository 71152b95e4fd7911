"""Names of processes in ps and top (uWSGI ``--procname*``).

With the package setproctitle, whole titles; without it, the 15 characters that the kernel keeps.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Titles", "set_title"]


@dataclass(frozen=True, slots=True)
class Titles:
    """What processes are to be called; nothing at all unless an option asks for it."""

    everybody: str | None = None
    master: str | None = None
    prefix: str = ""
    suffix: str = ""
    automatic: bool = False

    def of(self, role: str) -> str | None:
        """Return the title of a process, None to leave it.

        :param role: ``master`` or ``worker 1``
        """
        name = (self.master if role == "master" else None) or self.everybody
        if name is None:
            if not (self.automatic or self.prefix or self.suffix):
                return None
            name = f"gevent-engine {role}"
        return f"{self.prefix}{name}{self.suffix}"


def set_title(title: str) -> None:
    """Call this process *title*, as far as possible."""
    try:
        from setproctitle import setproctitle
    except ImportError:
        try:
            with open("/proc/self/comm", "wb") as file:
                file.write(title.encode()[:15])
        except OSError:
            pass
    else:
        setproctitle(title)
