"""What systemd is told of a service of `Type=notify`: that it is ready, that it lives, that it ends (sd_notify(3)).

Called by whoever heads a service: the supervisor, the prober, the console. Where nobody listens (no NOTIFY_SOCKET) it does nothing, and a
socket that cannot be written is no reason to stop. The variables are taken out of the environment: children must not speak in our name.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import Final

BEATS: Final = 3  # signs of life within the time after which systemd kills


class Systemd:
    """The way to the service manager, if there is one. Made on the running loop, once per process."""

    def __init__(self) -> None:
        self._path = os.environ.pop("NOTIFY_SOCKET", "")
        self._limit = _seconds(os.environ.pop("WATCHDOG_USEC", ""), os.environ.pop("WATCHDOG_PID", ""))
        self._beating: asyncio.Task[None] | None = None

    def ready(self, status: str = "") -> None:
        """Say that the service answers from now on, and go on saying that it lives where that is asked for."""
        self._say(f"READY=1\nMAINPID={os.getpid()}" + (f"\nSTATUS={status}" if status else ""))
        if self._limit and not self._beating:
            self._beating = asyncio.get_running_loop().create_task(self._beat())

    def stopping(self) -> None:
        """Say that the end has begun: it may take as long as open connections are given."""
        if self._beating:
            self._beating.cancel()
        self._say("STOPPING=1")

    async def _beat(self) -> None:
        """Say it again and again: a loop that no longer turns says nothing, and that is the message."""
        while True:
            self._say("WATCHDOG=1")
            await asyncio.sleep(self._limit / BEATS)

    def _say(self, text: str) -> None:
        if not self._path:
            return
        address = "\0" + self._path[1:] if self._path.startswith("@") else self._path  # "@…": an abstract address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
            sock.sendto(text.encode(), address)


def _seconds(microseconds: str, pid: str) -> float:
    """Read for how long we may be silent; 0 = nobody watches, or watches somebody else."""
    if not microseconds.isdigit() or (pid and pid != str(os.getpid())):
        return 0.0
    return int(microseconds) / 1e6
