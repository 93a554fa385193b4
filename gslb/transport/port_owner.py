"""Who holds a port, as far as /proc tells: for the one line an operator reads when an address is in use."""

from __future__ import annotations

import os
from pathlib import Path


def owner_of(port: int, protocol: str) -> str:
    """Name a process with a socket at this port (`named, pid 812`), or "" where /proc does not say."""
    inodes = _inodes(port, protocol.lower())
    if not inodes:
        return ""
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and process.name != str(os.getpid()) and _holds(process, inodes):
            try:
                return f"{(process / 'comm').read_text().strip()}, pid {process.name}"
            except OSError:  # it went away meanwhile
                continue
    return ""


def _inodes(port: int, protocol: str) -> set[str]:
    """Socket inodes bound to the port, from lines like `sl local_address rem_address st … inode`."""
    found = set()
    for table in (protocol, protocol + "6"):
        try:
            lines = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        rows = (line.split() for line in lines)
        # A TCP connection's own end has the port too; only LISTEN (0A) and unconnected UDP (07) hold it.
        found |= {row[9] for row in rows if int(row[1].rpartition(":")[2], 16) == port and row[3] in {"0A", "07"}}
    return found


def _holds(process: Path, inodes: set[str]) -> bool:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    try:
        for descriptor in (process / "fd").iterdir():
            try:
                if str(descriptor.readlink()) in wanted:
                    return True
            except OSError:
                continue
    except OSError:  # not ours to look at, or gone
        pass
    return False
