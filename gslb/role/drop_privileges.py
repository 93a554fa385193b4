"""Gives up root for good: what a plane does before it sees its first packet."""

from __future__ import annotations

import os
import pwd

from gslb.errors import UsageError


def become(user: str) -> None:
    """Run as this user from now on, with its own groups only; nothing happens where we are not root."""
    if os.geteuid() != 0:
        return
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise UsageError(f"there is no user {user!r}: create it, or change `user` in the settings") from None
    os.initgroups(user, entry.pw_gid)
    os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
    os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
