"""The UDP loop of the Python engine while queries are told (dnstap, query log) or may ask why: as `gslb.transport.udp`, with an eye on each.

Apart from that one so that whoever tells nothing pays nothing, not even a branch.
"""

from __future__ import annotations

import socket
from random import getrandbits
from time import time_ns
from typing import Final, Protocol

from gslb.transport.exchange import UDP, Decision, Exchange, address
from gslb.transport.tap import CHANCE_BITS
from gslb.transport.udp import BATCH, IP_PKTINFO, LARGEST_QUERY, UdpListener, leave_from, pack
from gslb.transport.udp import Engine as Answering
from gslb.transport.watch import Watch

_ROOM: Final = socket.CMSG_SPACE(20)  # struct in6_pktinfo, the larger one


class Engine(Answering, Protocol):
    """What answers, and can say what it decided last."""

    def decided(self) -> Decision:
        """Say what was decided about the last answer by UDP."""
        ...


class WatchedListener(UdpListener):
    """Answers everything that comes in at one socket, and tells."""

    def __init__(self, sock: socket.socket, engine: Engine, watch: Watch) -> None:
        """Take a bound socket."""
        super().__init__(sock, engine)
        self._decided = engine.decided
        self._watch = watch
        host, port, *_ = sock.getsockname()
        self._here, self._port = pack(host), port
        self._wildcard = host in {"0.0.0.0", "::"}  # noqa: S104  comparing, not binding
        self._turn = self._drain_watched

    def _drain_watched(self) -> None:
        """Do as `_drain` and `_drain_wildcard`."""
        sock, wildcard = self._sock, self._wildcard
        receive, receive_all, send = sock.recvfrom, sock.recvmsg, sock.sendto
        reply = self._engine.udp
        known = self._clients.get
        counters = self.counters
        tap, debug = self._watch.tap, self._watch.debug
        most = tap.most if tap else 0
        ancillary: list[tuple[int, int, bytes]] = []
        for _ in range(BATCH):
            try:
                if wildcard:
                    query, ancillary, _flags, peer = receive_all(LARGEST_QUERY, _ROOM)
                else:
                    query, peer = receive(LARGEST_QUERY)
            except BlockingIOError:
                break
            except OSError:
                continue
            counters.received += 1
            chance = getrandbits(CHANCE_BITS)
            began = time_ns() if chance < most else 0
            try:
                client = known(peer[0]) or self._learn(peer[0])
                answer = reply(query, client, getrandbits(64))
                said = debug.udp(query, client, answer) if debug else answer
            except Exception as error:  # noqa: BLE001  one packet must never stop the others
                self._fault(error)
                continue
            if said is None:
                continue
            if began and tap:
                here = asked(ancillary) or self._here
                decision = self._decided()
                if said is not answer:  # sent to TCP
                    decision = Decision(decision.zone, truncated=True)
                tap.note(Exchange(tap.wants(chance), UDP, client, peer[1], here, self._port, began, time_ns(), query, said, decision))
            try:
                if wildcard:
                    sock.sendmsg((said,), [leave_from(*item) for item in ancillary], 0, peer)
                else:
                    send(said, peer)
                counters.sent += 1
                counters.octets += len(said)
            except OSError:
                counters.unsent += 1


def asked(ancillary: list[tuple[int, int, bytes]]) -> bytes:
    """Return the address that a query was sent to, where the kernel tells it; else nothing."""
    for level, kind, data in ancillary:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
            return data[4:8]
        if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
            return address(data[:16])
    return b""
