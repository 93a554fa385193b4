"""The `icmp` check: an echo request and its reply (RFC 792, RFC 4443 section 4).

Uses the kernel's sockets for unprivileged ping; where those are forbidden (`net.ipv4.ping_group_range`), a raw socket, which needs
CAP_NET_RAW. Without either the prober abstains. One packet per look: that one is lost now and then is the counters' business.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self

from gslb.check.attempt import OwnFault, Progress, attempt
from gslb.check.observation import Observation
from gslb.model import Address
from gslb.model import Check as Definition
from gslb.option import Complaint, Kind, Option

_REQUEST: Final = {4: 8, 6: 128}
_REPLY: Final = {4: 0, 6: 129}
_TOKEN: Final = 16  # octets by which we know our own echo; enough that no other pinger has the same


class Icmp:
    """Send one echo request; wait for its reply."""

    name: ClassVar[str] = "icmp"
    doc: ClassVar[str] = "A ping: one ICMP echo request, IPv4 or IPv6. Says that a machine is there, not that a service works."
    example: ClassVar[str] = "{type: icmp, interval: 2s, timeout: 500ms}"
    options: ClassVar[Mapping[str, Option]] = MappingProxyType(
        {"size": Option(Kind.INTEGER, "octets of payload; above 1400 shows whether large packets pass", 56, _TOKEN, 8972)}
    )

    def __init__(self, size: int, timeout: float) -> None:
        self.size = size
        self.timeout = timeout

    @classmethod
    def build(cls, definition: Definition) -> Self:
        """Make the check from an accepted definition."""
        return cls(definition.options.get("size", cls.options["size"].default), definition.timeout)

    @classmethod
    def problems(cls, options: Mapping[str, Any]) -> Iterable[Complaint]:
        """Find nothing: the table says it all."""
        del options
        return ()

    async def observe(self, address: Address) -> Observation:
        """Look once, within the timeout."""

        async def look(progress: Progress) -> str:
            loop = asyncio.get_running_loop()
            with _socket(address.version) as line:
                line.connect((str(address), 0))  # from here on the kernel passes only what comes from there
                payload = os.urandom(_TOKEN) + bytes(self.size - _TOKEN)
                progress.stage = "waiting for the echo"
                progress.fact("socket", "raw" if line.type == socket.SOCK_RAW else "unprivileged")
                await loop.sock_sendall(line, _packet(address.version, payload))
                while not _is_echo(await loop.sock_recv(line, 65535), payload, line):  # noqa: ASYNC110 - it does wait, in the receiving
                    await asyncio.sleep(0)  # a flood of others' echoes must not hold the loop
            return "echo heard"

        return await attempt(address, self.timeout, look)


def _socket(version: int) -> socket.socket:
    """Open the least privileged socket that is allowed. Raises OwnFault."""
    family, protocol = (socket.AF_INET, socket.IPPROTO_ICMP) if version == 4 else (socket.AF_INET6, socket.IPPROTO_ICMPV6)
    for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
        try:
            return socket.socket(family, kind | socket.SOCK_NONBLOCK, protocol)
        except PermissionError:
            continue
    raise OwnFault("no permission to ping: set net.ipv4.ping_group_range, or give CAP_NET_RAW")


def _packet(version: int, payload: bytes) -> bytes:
    """Write an echo request. The kernel sets the identifier of unprivileged ones and the checksum of IPv6; the rest is ours."""
    identifier = int.from_bytes(payload[:2])
    blank = struct.pack("!BBHHH", _REQUEST[version], 0, 0, identifier, 1) + payload
    return blank[:2] + struct.pack("!H", _checksum(blank)) + blank[4:] if version == 4 else blank


def _is_echo(packet: bytes, payload: bytes, line: socket.socket) -> bool:
    """Whether this is the reply to ours; a raw IPv4 socket shows the IP header too."""
    version = 4 if line.family == socket.AF_INET else 6
    if version == 4 and line.type == socket.SOCK_RAW and packet:
        packet = packet[(packet[0] & 15) * 4 :]
    return len(packet) >= 8 and packet[0] == _REPLY[version] and packet[1] == 0 and packet[6:8] == b"\0\1" and packet[8:] == payload


def _checksum(octets: bytes) -> int:
    """Return the internet checksum (RFC 1071)."""
    padded = octets + bytes(len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    total = (total >> 16) + (total & 0xFFFF)
    return 0xFFFF ^ ((total + (total >> 16)) & 0xFFFF)
