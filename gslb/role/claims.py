"""What a running service has for itself, from before it reads or writes anything until its end: its state directory and its addresses.

Taken by the supervisor. Ports are shared by SO_REUSEPORT and bound late, so a second service started at the same moment would find them
free, and the two would quietly serve half of the queries each. All locks are the kernel's: they end with the process, however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import socket
import struct
from collections.abc import AsyncIterator, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple

from gslb import log
from gslb.errors import ListenError, UsageError
from gslb.transport.listen import Endpoint

PATIENCE: Final = 20  # looks at a lock whose holder is just taking it or just ending, PAUSE seconds apart
PAUSE: Final = 0.05
WAITING: Final = 128  # who may ask at once who holds a lock


@contextlib.asynccontextmanager
async def taken(state_dir: Path | None, endpoints: Sequence[Endpoint]) -> AsyncIterator[None]:
    """Hold a state directory and addresses. Raises UsageError or ListenError with who has them."""
    with contextlib.ExitStack() as held:
        if state_dir:
            held.enter_context(_folder(state_dir))
        for endpoint in endpoints:
            if endpoint.port:
                held.enter_context(_named(await _claim(endpoint)))
        yield


@contextlib.contextmanager
def _folder(state_dir: Path) -> Iterator[None]:
    """Lock the directory itself: nothing is written, so a read-only disk is no obstacle."""
    descriptor = -1
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = _locker(os.fstat(descriptor).st_ino)
        os.close(descriptor)
        raise UsageError(f"{state_dir} is in use by another service{who}: stop it, or give this one its own state_dir") from None
    except OSError as error:  # no such directory to be had, or a file system without locks: we serve all the same, and control says the rest
        log.warning("the state directory cannot be locked: no second service may use it", folder=str(state_dir), reason=error.strerror)
    try:
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _locker(inode: int) -> str:
    """Name the process that holds a lock on a file (`, pid 812`), or "" where the kernel does not tell."""
    try:
        rows = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    except OSError:
        return ""
    pids = [row[4] for row in rows if row[1] == "FLOCK" and row[5].endswith(f":{inode}")]
    return f", pid {pids[0]}" if pids and pids[0] != "-1" else ""


async def _claim(endpoint: Endpoint) -> socket.socket | None:
    """Take the name of an address; None where that cannot be, which is said and is no reason not to serve."""
    name = f"\0gslb:{Endpoint(str(ip_address(endpoint.host)), endpoint.port)}"  # of this network namespace, as ports are; no file
    reason = "somebody who does not answer holds its name"
    for _ in range(PATIENCE):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            sock.bind(name)
            sock.listen(WAITING)
        except OSError as error:
            sock.close()
            if error.errno != errno.EADDRINUSE:
                reason = error.strerror or str(error)
                break
        else:
            return sock
        if holder := _holder(name):
            if holder.user == os.geteuid():
                raise ListenError(f"{endpoint} is already in use by another gslb, pid {holder.pid}: stop it, or choose another port with dns.listen")
            reason = f"process {holder.pid} of another user holds its name"  # it cannot share the port: the kernel sees to that
            break
        await asyncio.sleep(PAUSE)
    log.warning("an address cannot be claimed: no second service may use it", address=str(endpoint), reason=reason)
    return None


class _Holder(NamedTuple):
    pid: int
    user: int


def _holder(name: str) -> _Holder | None:
    """Who listens at a name, by the kernel's word; None where nobody does (any more, or yet)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as sock:
        try:
            sock.connect(name)
        except OSError:
            return None
        pid, user, _group = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return _Holder(pid, user)


@contextlib.contextmanager
def _named(sock: socket.socket | None) -> Iterator[None]:
    """Keep a name, and let everybody in who only wants to see who holds it."""
    if sock is None:
        yield
        return
    loop = asyncio.get_running_loop()

    def show() -> None:
        with contextlib.suppress(OSError):
            sock.accept()[0].close()

    loop.add_reader(sock, show)
    try:
        yield
    finally:
        loop.remove_reader(sock)
        sock.close()
