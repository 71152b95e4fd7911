"""Who the server is once its sockets are open (uWSGI ``--uid``, ``--gid``, ``--add-gid``)."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Sequence

from engine.errors import ConfigError

__all__ = ["drop_privileges", "identity"]


def drop_privileges(uid: str | None, gid: str | None, more_groups: Sequence[str] = ()) -> None:
    """Become another user and group, given by name or number; for good.

    :raises ConfigError: if there is no such user or group, or this process may not
    """
    user = None if uid is None else _user(uid)
    group = None if gid is None else _group("gid", gid)
    more = [_group("add-gid", each) for each in more_groups]
    if user is not None and group is None and os.geteuid() == 0:
        group = user.pw_gid  # root's group would be a strange thing to keep
    try:
        if os.geteuid() == 0 and (user or group is not None or more):
            if user is not None and group is not None:
                os.initgroups(user.pw_name, group)
                more = [*os.getgroups(), *more]
            os.setgroups(list(dict.fromkeys(more)))
        if group is not None and os.getegid() != group:
            os.setgid(group)
        if user is not None and os.geteuid() != user.pw_uid:
            os.setuid(user.pw_uid)
    except PermissionError as exc:
        raise ConfigError("--uid and --gid: only root may become somebody else; leave them out") from exc


def identity(uid: str | None, gid: str | None) -> tuple[int, int]:
    """Return user and group as numbers; -1 for those that are not given.

    :raises ConfigError: if there is no such user or group
    """
    user = None if uid is None else _user(uid)
    group = _group("gid", gid) if gid is not None else (-1 if user is None else user.pw_gid)
    return (-1 if user is None else user.pw_uid), group


def _user(text: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(int(text)) if text.isdecimal() else pwd.getpwnam(text)
    except KeyError:
        raise ConfigError(f"--uid {text}: there is no such user") from None


def _group(option: str, text: str) -> int:
    if text.isdecimal():
        return int(text)
    try:
        return grp.getgrnam(text).gr_gid
    except KeyError:
        raise ConfigError(f"--{option} {text}: there is no such group") from None
