"""The UDP loop: one bound socket, drained whenever it is readable.

Made by the plane for each of its sockets. asyncio's own datagram transport costs a Python object and two callbacks per
packet (21,000 q/s on one core); a plain non-blocking socket drained in a loop does 105,000 to 150,000. So `drain` is called
by the event loop once per readiness, takes up to `BATCH` datagrams and answers each at once. It must never
wait, and nothing that a packet does may raise out of it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from random import getrandbits
from typing import Final, Protocol

from gslb import log

BATCH: Final = 128  # datagrams per turn: about 1.5 ms at most, so TCP and the pipe get their turn; the loop's own 15 µs vanish among so many
LARGEST_QUERY: Final = 4096  # octets read per datagram; what is cut off there no longer parses and is answered FORMERR
CLIENTS: Final = 20_000  # remembered address texts, some 3 MB; then all are forgotten at once, which costs one inet_pton each
LAST_WORDS: Final = 0.5  # seconds for what is queued when we stop: a full buffer (`listen.RECEIVE_BUFFER`) takes 0.1 s
IP_PKTINFO: Final = 8  # linux/in.h; missing from the socket module
SO_MEMINFO: Final = 55  # asm-generic/socket.h; nine 32-bit numbers, the last is the socket's drops
_PKTINFO4: Final = struct.Struct("=I4s4s")  # struct in_pktinfo: interface, local address, header destination
_PKTINFO6: Final = struct.Struct("=16sI")  # struct in6_pktinfo: address, interface


class Engine(Protocol):
    """What answers: `udp` is replaced as a whole when a new snapshot is swapped in, so it is read anew every turn."""

    def udp(self, query: bytes, client: bytes, draw: int, /) -> bytes | None:
        """Answer a query that came by UDP; None = silence."""
        ...


@dataclass(slots=True)
class Counters:
    """What happened to datagrams; `faults` are our own errors and must stay 0."""

    received: int = 0
    sent: int = 0
    octets: int = 0  # of replies
    unsent: int = 0  # the kernel refused the reply: full buffer, firewall, port 0
    faults: int = 0


class UdpListener:
    """Answers everything that comes in at one socket. The socket is non-blocking and stays the caller's."""

    def __init__(self, sock: socket.socket, engine: Engine) -> None:
        """Take a bound socket; replies from a wildcard socket leave from the address that was asked."""
        self._sock = sock
        sock.settimeout(0)  # a thread of the native engine that was killed leaves the socket, which is the supervisor's, as one that waits
        self._engine = engine
        self._clients: dict[str, bytes] = {}
        self.counters = Counters()
        self.v6 = sock.family == socket.AF_INET6
        wildcard = sock.getsockname()[0] in {"0.0.0.0", "::"}  # noqa: S104  comparing, not binding
        self._turn = self._drain_wildcard if wildcard else self._drain

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Answer from now on."""
        loop.add_reader(self._sock, self._turn)

    def stop(self, loop: asyncio.AbstractEventLoop, seconds: float = LAST_WORDS) -> None:
        """Answer what the kernel still holds, then leave the socket alone; under a flood that never ends, after so many seconds."""
        loop.remove_reader(self._sock)
        end = loop.time() + seconds
        while True:
            before = self.counters.received
            self._turn()
            if self.counters.received == before or loop.time() >= end:
                break

    @property
    def kernel_drops(self) -> int:
        """Datagrams the kernel threw away because this socket's buffer was full."""
        return kernel_drops(self._sock)

    def _drain(self) -> None:
        # The hot loop of the Python engine: every name is local, every branch below the first is rare.
        receive = self._sock.recvfrom
        send = self._sock.sendto
        reply = self._engine.udp
        known = self._clients.get
        received = sent = octets = 0
        counters = self.counters
        for _ in range(BATCH):
            try:
                query, peer = receive(LARGEST_QUERY)
            except BlockingIOError:
                break
            except OSError:  # a queued ICMP error of an earlier reply
                continue
            received += 1
            try:
                answer = reply(query, known(peer[0]) or self._learn(peer[0]), getrandbits(64))
            except Exception as error:  # noqa: BLE001  one packet must never stop the others
                self._fault(error)
                continue
            if answer is not None:
                try:
                    send(answer, peer)
                    sent += 1
                    octets += len(answer)
                except OSError:
                    counters.unsent += 1
        counters.received += received
        counters.sent += sent
        counters.octets += octets

    def _drain_wildcard(self) -> None:
        """Do as `_drain`, with the local address of every datagram given back with its reply (RFC 2181 section 4.1)."""
        receive = self._sock.recvmsg
        send = self._sock.sendmsg
        reply = self._engine.udp
        known = self._clients.get
        counters = self.counters
        room = socket.CMSG_SPACE(_PKTINFO6.size)
        for _ in range(BATCH):
            try:
                query, ancillary, _flags, peer = receive(LARGEST_QUERY, room)
            except BlockingIOError:
                break
            except OSError:
                continue
            counters.received += 1
            try:
                answer = reply(query, known(peer[0]) or self._learn(peer[0]), getrandbits(64))
            except Exception as error:  # noqa: BLE001  one packet must never stop the others
                self._fault(error)
                continue
            if answer is not None:
                try:
                    send((answer,), [leave_from(*item) for item in ancillary], 0, peer)
                    counters.sent += 1
                    counters.octets += len(answer)
                except OSError:
                    counters.unsent += 1

    def _learn(self, text: str) -> bytes:
        if len(self._clients) >= CLIENTS:
            self._clients.clear()
        packed = self._clients[text] = pack(text)
        return packed

    def _fault(self, error: Exception) -> None:
        self.counters.faults += 1
        if self.counters.faults & (self.counters.faults - 1) == 0:  # the 1st, 2nd, 4th, 8th …: seen, and no flood
            log.error("a query could not be answered", error=repr(error), faults=self.counters.faults)


def kernel_drops(sock: socket.socket) -> int:
    """Count the datagrams that the kernel threw away because a socket's buffer was full."""
    try:
        return int.from_bytes(sock.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36)[32:36], "little")
    except OSError:  # a kernel before 4.12
        return 0


def pack(text: str) -> bytes:
    """Turn a peer's address into 4 or 16 octets; a link-local zone (`%eth0`) is left out, IPv4 in IPv6 is IPv4."""
    if ":" not in text:
        return IPv4Address(text).packed
    address = IPv6Address(text.partition("%")[0])
    return (address.ipv4_mapped or address).packed


def leave_from(level: int, kind: int, data: bytes) -> tuple[int, int, bytes]:
    """Turn the packet information of a query into that of its reply: leave from the address that was asked."""
    if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
        _interface, local, _destination = _PKTINFO4.unpack_from(data)
        return level, kind, _PKTINFO4.pack(0, local, b"\0\0\0\0")  # interface 0: the routing table decides, as for any reply
    address, interface = _PKTINFO6.unpack_from(data)
    link_local = address[0] == 0xFE and address[1] & 0xC0 == 0x80  # these mean nothing without their interface
    return level, socket.IPV6_PKTINFO, _PKTINFO6.pack(address, interface if link_local else 0)
