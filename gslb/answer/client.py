"""For whom an answer is picked: which address counts, what is hashed of it, and the scope that goes with that.

Called by `shelf` and `hints` where a choice hangs on the client (a sticky row, a coupled pool); others never pay for it.
The same client has the same key in every process and on every node.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import Final, NamedTuple

from gslb.answer.region import of_client, of_subnet, speaks
from gslb.answer.siphash import siphash
from gslb.answer.subnet import embedded
from gslb.plan import Partition, Sticky

HASH_KEY: Final = b"gslb rendezvous."  # part of the format: another key moves every sticky client everywhere
MAX_KEPT: Final = 65536  # hashes remembered, about 15 MB: making one takes as long as all the rest of an answer

_NO_FACTS: Final = Partition(array("I"), array("H"), array("Q"), array("Q"), array("H"))  # where no partition is: one region


class Asker(NamedTuple):
    """Who asks, as seen in the packet: the resolver's address (4 or 16 octets), a client subnet (`bits` 0: none), the name in lower case."""

    client: bytes
    bits: int = 0
    octets: bytes = b""
    name: bytes = b""

    def place(self, partition: Partition | None) -> tuple[int, int]:
        """Return region and scope; 0 and 0 where there is no partition."""
        if partition is None:
            return 0, 0
        if not self.bits:
            return of_client(partition, self.client), 0
        return of_subnet(partition, self.bits, self.octets, self.client)

    def scope(self, partition: Partition | None, scope: int, reach: Reach) -> int:
        """Return the scope where the choice reaches so far into the address: at least its mask, also when longer than SOURCE."""
        bits4, bits6 = reach
        if not self.octets or not (bits4 or bits6):
            return scope
        if partition is None:  # even so some addresses count as others: those that hold IPv4, those that say nothing
            scope = max(scope, of_subnet(_NO_FACTS, self.bits, self.octets, self.client)[1])
        if self.bits == 32:
            return max(scope, bits4)
        inside = embedded(int.from_bytes(self.octets.ljust(16, b"\0")))
        if inside is None:
            return max(scope, bits6)
        return max(scope, inside[1] + bits4 if bits4 else 0)


class Reach(NamedTuple):
    """How many bits of the client's address a choice looks at."""

    bits4: int = 0
    bits6: int = 0


class Client(NamedTuple):
    """The address that counts, IPv4 taken out of IPv6, and the name asked for, in lower case."""

    bits: int
    address: int
    name: bytes = b""

    @classmethod
    def of(cls, asker: Asker, partition: Partition | None) -> Client:
        """Return the client subnet's address, or the resolver's where the subnet says nothing of where the client is."""
        if asker.octets and speaks(partition or _NO_FACTS, asker.bits, asker.octets):
            bits, octets = asker.bits, asker.octets.ljust(asker.bits >> 3, b"\0")
        else:
            bits, octets = 8 * len(asker.client), asker.client
        address = int.from_bytes(octets)
        inside = embedded(address) if bits == 128 else None
        return cls(bits, address, asker.name) if inside is None else cls(32, inside[0], asker.name)

    def key(self, sticky: Sticky) -> int:
        """Return the 64-bit hash of all that the choice hangs on."""
        mask = sticky.bits4 if self.bits == 32 else sticky.bits6
        spare = self.bits - mask
        return _hash(sticky.seed, self.bits if mask else 0, self.address >> spare << spare if mask else 0, self.name if sticky.qname else b"")


NOBODY: Final = Client(32, 0)


@lru_cache(MAX_KEPT)
def _hash(seed: int, bits: int, address: int, name: bytes) -> int:
    """Hash seed (8 octets), family (0, 4 or 6: one octet), masked address (0, 4 or 16 octets), name (wire form); numbers big-endian."""
    family = 4 if bits == 32 else 6 if bits else 0
    return siphash(HASH_KEY, seed.to_bytes(8) + bytes((family,)) + address.to_bytes(bits >> 3) + name)
