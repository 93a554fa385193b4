"""How many files a process may have open: raised where its sockets need it, as far as the operator allows."""

from __future__ import annotations

import resource


def allow(number: int) -> int:
    """Raise our own limit on open files as far as it must and may be; return how many of those we get."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= number:
        return number
    allowed = number if hard == resource.RLIM_INFINITY else min(number, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed
