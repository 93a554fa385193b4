"""The leash: a small channel between the supervisor and one child, for words and for sockets.

A SOCK_SEQPACKET pair, so a message is whole or not there; JSON, and file descriptors beside it where sockets are handed over. The
child says `beat`, `ready`, `loaded`, `fatal`; the supervisor says `sockets`, `listening`. When the supervisor is gone the child
reads the end of the channel and ends too: no orphan keeps the port. Neither side ever waits for the other.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

LARGEST: Final = 64 << 10  # octets of one message: a fatal message with many problems is cut before it comes here
MOST_SOCKETS: Final = 8  # descriptors with one message: the two of an address, and some room

Message = dict[str, Any]
OnMessage = Callable[[Message, list[int]], None]


class Leash:
    """One end of the channel, on the running loop."""

    def __init__(self, sock: socket.socket, on_message: OnMessage, on_end: Callable[[], None]) -> None:
        """Take the socket over; `on_message` gets what the other side says and the descriptors beside it, `on_end` comes once."""
        sock.settimeout(0)
        self._sock = sock
        self._on_message = on_message
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._read)

    def send(self, message: Message, sockets: Sequence[socket.socket] = ()) -> bool:
        """Say something; False where the other side is gone or does not listen (both show elsewhere)."""
        data = json.dumps(message).encode()
        try:
            socket.send_fds(self._sock, [data], [s.fileno() for s in sockets])
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Let go."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock)
            self._sock.close()

    def _read(self) -> None:
        try:
            data, descriptors, _flags, _peer = socket.recv_fds(self._sock, LARGEST, MOST_SOCKETS)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        if data:
            self._on_message(json.loads(data), descriptors)
        else:
            self.close()
            self._on_end()


def pair() -> tuple[socket.socket, socket.socket]:
    """Make both ends: the supervisor's and the child's."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
