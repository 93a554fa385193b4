"""Listening sockets: how they are made, and what an operator is told when they cannot be.

The supervisor makes all of them, one UDP and one TCP socket per address and plane, shares the port with SO_REUSEPORT, and
keeps them open for as long as it lives. A socket is made in one place only, so that every option is argued once.
"""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address
from typing import Final, NamedTuple

from gslb.errors import ListenError
from gslb.transport.port_owner import owner_of
from gslb.transport.udp import IP_PKTINFO

RECEIVE_BUFFER: Final = 4 << 20  # octets; some 6,000 small queries (the kernel counts 700 each): 80 ms of standstill at 75,000 q/s
BACKLOG: Final = 1024  # TCP connections waiting for accept; the kernel's own bound (somaxconn, 4096) is above it
IP_MTU_DISCOVER: Final = 10  # linux/in.h; missing from the socket module
IPV6_MTU_DISCOVER: Final = 23
PMTUDISC_PROBE: Final = 3  # never fragment (RFC 9715 section 3.1, R2), whatever ICMP says; and the kernel need make up no IP identification
PMTUDISC_OMIT: Final = 5  # forged ICMP cannot make us fragment; but what is larger than the link is cut, which an operator may want
EVERYWHERE: Final = 1232  # octets of a reply that any link carries whole (`gslb.answer.reply.MAX_UDP`)


class Endpoint(NamedTuple):
    """An address and port to listen on; port 0 = any free one, the same for UDP and TCP."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Pair(NamedTuple):
    """The UDP and TCP sockets of one endpoint in one plane."""

    udp: socket.socket
    tcp: socket.socket

    @property
    def endpoint(self) -> Endpoint:
        """Where it really listens."""
        host, port, *_ = self.udp.getsockname()
        return Endpoint(host, port)

    def close(self) -> None:
        """Close both."""
        self.udp.close()
        self.tcp.close()


def probe(endpoint: Endpoint) -> None:
    """Raise ListenError unless nobody else has this address.

    Bound without SO_REUSEPORT for a moment: with it, a second gslb would quietly take half of the queries.
    """
    if endpoint.port:
        bind(endpoint, shared=False).close()


def bind(endpoint: Endpoint, *, shared: bool = True, largest: int = EVERYWHERE) -> Pair:
    """Make both sockets of an endpoint, with SO_REUSEPORT if shared; raise ListenError with what to do. `largest`: octets of a reply over UDP."""
    for attempt in range(16):  # port 0: the kernel's choice for UDP may be taken for TCP; then ask again
        udp = _socket(endpoint, socket.SOCK_DGRAM, shared=shared, largest=largest)
        try:
            there = Endpoint(endpoint.host, udp.getsockname()[1])
            return Pair(udp, _socket(there, socket.SOCK_STREAM, shared=shared))
        except ListenError:
            udp.close()
            if endpoint.port or attempt == 15:
                raise
    raise AssertionError  # the loop returns or raises


def _socket(endpoint: Endpoint, kind: socket.SocketKind, *, shared: bool, largest: int = EVERYWHERE) -> socket.socket:
    family = socket.AF_INET6 if ":" in endpoint.host else socket.AF_INET
    try:
        sock = socket.socket(family, kind | socket.SOCK_NONBLOCK)
    except OSError as error:
        raise _explain(endpoint, kind, error) from None
    try:
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has sockets of its own: no mapped addresses
        if kind is socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections in TIME_WAIT must not keep us from restarting
        else:
            _tune_udp(sock, endpoint, largest)
        sock.bind((endpoint.host, endpoint.port))
        if kind is socket.SOCK_STREAM:
            sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise _explain(endpoint, kind, error) from None
    return sock


def _tune_udp(sock: socket.socket, endpoint: Endpoint, largest: int) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)  # the kernel cuts it to rmem_max by itself
    wildcard = ip_address(endpoint.host.partition("%")[0]).is_unspecified
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_OMIT)
        if wildcard:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE if largest <= EVERYWHERE else PMTUDISC_OMIT)
        if wildcard:
            sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)


def _explain(endpoint: Endpoint, kind: socket.SocketKind, error: OSError) -> ListenError:
    protocol = "TCP" if kind is socket.SOCK_STREAM else "UDP"
    where = f"{endpoint} ({protocol})"
    match error.errno:
        case errno.EADDRINUSE:
            owner = owner_of(endpoint.port, protocol)
            who = f" by {owner}" if owner else ""
            return ListenError(f"{where} is already in use{who}: stop it, or choose another port with dns.listen")
        case errno.EACCES | errno.EPERM:
            return ListenError(f"no permission to listen on {where}: ports below 1024 need root or CAP_NET_BIND_SERVICE")
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT | errno.ENODEV:
            return AddressMissingError(f"{where} is not an address of this machine: see `ip address`, or change dns.listen")
        case _:
            return ListenError(f"cannot listen on {where}: {error.strerror}")


class AddressMissingError(ListenError):
    """The machine does not have the address (or the whole family)."""
