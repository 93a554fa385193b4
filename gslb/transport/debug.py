"""Debug TXT: `dig TXT _gslb.www.example.com` is answered with the reason, to clients that the operator lists.

By UDP these are sent to TCP (TC): a source address is no proof there. By TCP the question is handed to control, which has the model and explains;
its whole reply comes back over the pipe, so both engines say the same octets. Everybody else gets what the zone says, and so do those who ask
while control is dead, slow, or was asked too much.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from ipaddress import ip_network
from typing import Any, Final

from gslb.answer.truncated import truncated
from gslb.answer.wire import Query, parse

LABEL: Final = b"\5_gslb"  # the first label of names that ask why
TXT: Final = 16
MOST: Final = 16  # questions handed over and not answered yet
RATE: Final = 10.0  # questions a second, in the long run
BURST: Final = 20.0
PATIENCE: Final = 3.0  # seconds control has; then the zone answers

Then = Callable[[bytes | None], None]


class Debug:
    """What a plane does with such questions."""

    def __init__(self, networks: Iterable[str], tell: Callable[[dict[str, Any]], bool], *, max_udp: int, ecs: bool) -> None:
        """`networks` may ask; `tell` brings a report to control, False where it does not listen."""
        self._networks = [_network(text) for text in networks]
        self._tell = tell
        self._max_udp = max_udp
        self._ecs = ecs
        self._waiting: dict[int, tuple[Then, asyncio.TimerHandle]] = {}
        self._last = 0
        self._credit = BURST
        self._at = 0.0
        self._loop = asyncio.get_running_loop()

    def asks(self, packet: bytes, client: bytes) -> bool:
        """Whether a packet asks why, and its client may. Most packets are judged by six octets."""
        if packet[12:18].lower() != LABEL:
            return False
        query = parse(packet, ecs=self._ecs)
        return isinstance(query, Query) and not query.rcode and query.type == TXT and self._may(client)

    def udp(self, packet: bytes, client: bytes, reply: bytes | None) -> bytes | None:
        """Return the reply by UDP: to TCP, or what it was."""
        if reply is None or not served(reply) or not self.asks(packet, client):
            return reply
        return truncated(packet, max_udp=self._max_udp, ecs=self._ecs) or reply

    def hand_over(self, packet: bytes, client: bytes, then: Then) -> bool:
        """Ask control; `then` gets its reply, or None. False where it cannot be asked now."""
        if len(self._waiting) >= MOST or not self._afford():
            return False
        self._last += 1
        if not self._tell({"why": self._last, "query": packet.hex(), "client": client.hex()}):
            return False
        self._waiting[self._last] = then, self._loop.call_later(PATIENCE, self._give, self._last, None)
        return True

    def hear(self, message: dict[str, Any]) -> None:
        """Take what control says."""
        if "why" in message:
            self._give(message["why"], bytes.fromhex(message["reply"]) or None)

    def _give(self, number: int, reply: bytes | None) -> None:
        then, timer = self._waiting.pop(number, (None, None))
        if then and timer:
            timer.cancel()
            then(reply)

    def _may(self, client: bytes) -> bool:
        number, size = int.from_bytes(client), len(client)
        return any(size == length and number >> shift == prefix for length, shift, prefix in self._networks)

    def _afford(self) -> bool:
        """Take from a bucket that fills at RATE."""
        now = self._loop.time()
        self._credit = min(BURST, self._credit + RATE * (now - self._at))
        self._at = now
        if self._credit < 1:
            return False
        self._credit -= 1
        return True


def served(reply: bytes) -> bool:
    """Whether a reply says something of a zone of ours: NOERROR or NXDOMAIN."""
    return reply[3] & 15 in {0, 3}


def _network(text: str) -> tuple[int, int, int]:
    """Octets of an address of this family, bits beyond the mask, and the network's own."""
    network = ip_network(text)
    shift = network.max_prefixlen - network.prefixlen
    return network.max_prefixlen // 8, shift, int(network.network_address) >> shift
