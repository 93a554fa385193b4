"""Ports for what cannot bind port 0 and say which it got: a program that is told its port, a server that leaves and comes back, nobody at all.

They lie outside the range from which the kernel serves those who ask for any port, and whoever connects: between the moment it is found free and
the moment it is bound nobody gets it by chance, and nobody who connects to a closed one meets himself.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import Final

_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST: Final = 10_000  # below it are the ports that services have by name
_TRIES: Final = 100


def free_port() -> int:
    """Return a port that nobody uses now at any IPv4 address of this machine, neither for UDP nor for TCP."""
    choice = random.SystemRandom()  # two processes that were seeded alike must not choose alike
    candidates = _outside()
    for _ in range(_TRIES):
        port = choice.choice(candidates)
        if _is_free(port):
            return port
    raise OSError(f"none of {_TRIES} ports was free")


def _outside() -> range:
    """Return the ports that the kernel does not give away by itself; all of them where it keeps none back."""
    first, last = map(int, _RANGE.read_text().split()) if _RANGE.exists() else (32_768, 60_999)
    return max(range(_LOWEST, first), range(last + 1, 65_536), key=len) or range(_LOWEST, 65_536)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        try:
            for line in (stream, datagram):
                line.bind(("", port))
        except OSError:
            return False
    return True
