"""Where a client is, as the answer path sees it: by which address it is placed, what is known of that, its region, and what bounds the region.

The region and the block come from `gslb.answer.region`; the neighbour that cuts the block is looked for in the same partition.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import asdict
from ipaddress import ip_address, ip_network
from itertools import takewhile
from typing import Any, Final, NamedTuple

from gslb.answer.region import of_client, of_subnet
from gslb.answer.subnet import embedded, folded_gap, special_gap
from gslb.explain.question import Question
from gslb.explain.subject import Subject
from gslb.model import Address, Location, Network
from gslb.plan import NO_PARTITION, Partition

HERE: Final = ip_address("127.0.0.1")  # who asks where only a subnet is given: a resolver of whom nothing is known
MOST_RUNS: Final = 4096  # looked through for the neighbour; beyond that there is no short reason


class Client(NamedTuple):
    """Who is answered. `address`: what places it; `by`: "client", "subnet", or "resolver" where the subnet says nothing."""

    sender: Address
    subnet: Network | None
    address: Address
    by: str

    @property
    def octets(self) -> bytes:
        """The subnet's address as the option carries it."""
        if self.subnet is None:
            return b""
        return self.subnet.network_address.packed[: (self.subnet.prefixlen + 7) // 8]


def client(question: Question, partition: Partition | None) -> Client:
    """Say by which address the client is placed (RFC 7871 sections 7.1.2 and 7.2.1)."""
    sender, subnet = question.client or HERE, question.subnet
    if subnet is None:
        return Client(sender, None, sender, "client")
    if not subnet.prefixlen:
        return Client(sender, subnet, sender, "resolver")
    cap = 0 if partition is None else partition.cap4 if subnet.version == 4 else partition.cap6
    masked = _masked(subnet.network_address, cap) if cap else subnet.network_address
    number, bits = int(subnet.network_address), subnet.max_prefixlen
    if partition is not None and special_gap(number, bits)[2] and not of_subnet(partition, bits, _octets(subnet), subnet.network_address.packed)[0]:
        return Client(sender, subnet, sender, "resolver")
    return Client(sender, subnet, masked, "subnet")


def place(subject: Subject, who: Client) -> dict[str, Any]:
    """Say what is known of the client, in which network, and from whom."""
    location, network = subject.atlas.lookup(who.address)
    source: dict[str, Any] = {"from": "unknown"}
    if location.network is not None:
        fact = next((fact for fact in subject.model.networks if str(fact.network) == location.network), None)
        source = {"from": "networks", "network": location.network, "where": str(fact.where) if fact else ""}
    elif location != Location():
        source = {"from": "database", "network": str(network), "databases": [edition.name for edition in subject.atlas.editions]}
    return {
        "sender": str(who.sender),
        "subnet": str(who.subnet) if who.subnet else None,
        "placed_by": who.by,
        "address": str(who.address),
        "network": str(network),
        "location": facts(location),
        "source": source,
    }


def region_of(partition: Partition | None, who: Client) -> int:
    """Find the client's region as the answer path does."""
    if partition is None:
        return 0
    if who.subnet is None:
        return of_client(partition, who.sender.packed)
    return of_subnet(partition, who.subnet.max_prefixlen, who.octets, who.sender.packed)[0]


def region(subject: Subject, number: int, who: Client) -> dict[str, Any] | None:
    """Say which region of how many, which block around the client is of it, and what cuts the block; None where all clients are alike."""
    if number == NO_PARTITION:
        return None
    partition = subject.snapshot.partitions[number]
    mine = region_of(partition, who)
    seen, length = of_subnet(partition, who.address.max_prefixlen, who.address.packed, who.address.packed)
    block = ip_network((who.address, min(length, who.address.max_prefixlen)), strict=False)
    whole = seen == mine  # else the client stands in a network longer than client subnets are looked at (`cap4`, `cap6`)
    if not whole:
        block = subject.atlas.lookup(who.address)[1]
    return {
        "partition": number,
        "region": mine,
        "regions": len({*partition.v4_region, *partition.v6_region}),
        "block": str(block),
        "cut_by": _neighbour(subject, partition, block, mine) if whole else None,
    }


def facts(location: Location) -> dict[str, Any]:
    """Write what is known, unknown facts left out."""
    known = {key: value for key, value in asdict(location).items() if value not in (None, frozenset())}
    return known | ({"tags": sorted(location.tags)} if location.tags else {})


def _neighbour(subject: Subject, partition: Partition, block: Network, mine: int) -> dict[str, Any] | None:
    """Find why the block is no larger: the nearest network in its other half that is of another region."""
    if not block.prefixlen:
        return None
    wider = block.supernet()
    other = next(half for half in wider.subnets() if half != block)
    for address in _starts(partition, other):
        found, _ = of_subnet(partition, other.max_prefixlen, address.packed, address.packed)
        if found != mine:
            location, network = subject.atlas.lookup(address)
            shown = network if network.prefixlen >= other.prefixlen else other
            return {"wider": str(wider), "network": str(shown), "region": found, "location": facts(location), "why": "region"}
    return {"wider": str(wider), "network": str(other), "region": mine, "location": {}, "why": _special(block, other)}


def _special(block: Network, other: Network) -> str:
    """Name what parts two networks of one region: addresses that say nothing of a place, or that stand for IPv4."""
    for one in (block, other):
        first, last = int(one.network_address), int(one.broadcast_address)
        if one.version == 6 and (embedded(first) is not None or folded_gap(first)[1] <= last):
            return "addresses that hold IPv4"
        _, end, special = special_gap(first, one.max_prefixlen)
        if special or end <= last:
            return "special-purpose addresses"
    return "more networks inside than are looked through"


def _starts(partition: Partition, network: Network) -> list[Address]:
    """Return where runs start in a network, as masked addresses see it, the network's own first address first."""
    first, last = int(network.network_address), int(network.broadcast_address)
    if network.version == 4:
        cap, at = partition.cap4, bisect_right(partition.v4_start, first)
        starts = iter(partition.v4_start[at : at + MOST_RUNS])
    else:
        cap, at = partition.cap6, bisect_left(partition.v6_high, first >> 64)
        cut = slice(at, at + MOST_RUNS)
        starts = (high << 64 | low for high, low in zip(partition.v6_high[cut], partition.v6_low[cut], strict=True))
    step = 1 << network.max_prefixlen - cap
    aligned = (start + step - 1 & -step for start in takewhile(lambda start: start <= last, starts))
    return [type(network.network_address)(number) for number in dict.fromkeys((first, *(start for start in aligned if first < start <= last)))]


def _masked(address: Address, length: int) -> Address:
    return ip_network((address, length), strict=False).network_address


def _octets(subnet: Network) -> bytes:
    return subnet.network_address.packed[: (subnet.prefixlen + 7) // 8]
