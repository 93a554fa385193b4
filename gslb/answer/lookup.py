"""Finds what the zones say about a question: RFC 1034 section 4.3.2, as RFC 2308, 4592, 6672 and 8020 leave it.

Called by `prepared` for questions that parsed. Looks only at names and types, never at the client or the draw: a dynamic
name is returned as such. Work is bounded by the labels of the name (127) times the links of a chain (16).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gslb.answer.reply import NOERROR, NXDOMAIN, REFUSED, YXDOMAIN
from gslb.names import MAX_NAME
from gslb.plan import Dynamic, Hinted, Node, RRset, Zone

MAX_CHAIN: Final = 16  # names looked up in one chain of CNAME and DNAME; resolvers follow about as many
MAX_TARGETS: Final = 64  # names whose addresses are added: more would not fit a UDP reply, and must not cost CPU (CVE-2024-11187)

A: Final = 1
NS: Final = 2
CNAME: Final = 5
SOA: Final = 6
HINFO: Final = 13
MX: Final = 15
AAAA: Final = 28
SRV: Final = 33
DNAME: Final = 39
DS: Final = 43
ANY: Final = 255

ALIASES: Final = (CNAME,)  # types of a name that points to a pool of names: whatever is asked, the answer is its CNAME

_ADDRESSES: Final = (A, AAAA)
_ADDITIONAL: Final = (NS, MX, SRV)  # types whose targets' addresses are added (RFC 1035 section 3.3, RFC 2782)
_HINFO: Final = (b"\x07RFC8482\0",)  # RFC 8482 section 4.2
_HINFO_TTL: Final = 3600


class Records(NamedTuple):
    """One RRset as it goes into a message; the owner in wire form, in any case."""

    owner: bytes
    type: int
    ttl: int
    rdata: tuple[bytes, ...]


class Found(NamedTuple):
    """What goes into the reply. Where `dynamic` is set, the RRset of `owner` and the question's type follows `answer`, from that pool
    (a CNAME where it is a pool of names); where `hinted` is, these records, completed from their pools.

    `glue` is additional data without which a referral is useless (RFC 9471): it must fit, or TC.
    """

    rcode: int
    aa: bool = True
    zone: Zone | None = None
    answer: tuple[Records, ...] = ()
    authority: tuple[Records, ...] = ()
    glue: tuple[Records, ...] = ()
    additional: tuple[Records, ...] = ()
    dynamic: Dynamic | None = None
    hinted: tuple[Hinted, ...] = ()
    owner: bytes = b""


def lookup(zones: dict[bytes, Zone], name: bytes, labels: tuple[int, ...], qtype: int, *, do: bool) -> Found:
    """Answer the question from the zone with the longest matching apex. `labels`: where each label of `name` starts."""
    zone = _zone_of(zones, name, labels, qtype)
    if zone is None:
        return Found(REFUSED, aa=False)
    return _Search(zone, qtype, do=do).run(name)


def negative(zone: Zone) -> Records:
    """Return the SOA as it stands in the authority section of NXDOMAIN and NODATA (RFC 2308 section 3)."""
    return Records(zone.apex, SOA, zone.negative_ttl, zone.soa.rdata)


def _zone_of(zones: dict[bytes, Zone], name: bytes, labels: tuple[int, ...], qtype: int) -> Zone | None:
    below = None
    for at in labels:
        zone = zones.get(name[at:] if at else name)
        if zone is None:
            continue
        if at or qtype != DS:
            return zone
        below = zone  # RFC 4035 section 3.1.4.1: DS at an apex belongs to the parent, where that is served here too
    return zones.get(b"\0") or below


class _Search:
    """One walk through a zone; collects the answer while a chain of CNAME and DNAME is followed."""

    __slots__ = ("answer", "do", "qtype", "zone")

    def __init__(self, zone: Zone, qtype: int, *, do: bool) -> None:
        self.zone = zone
        self.qtype = qtype
        self.do = do
        self.answer: list[Records] = []

    def run(self, name: bytes) -> Found:
        """Follow the chain to its end. RFC 6604 section 3: the last link decides the rcode."""
        nodes = self.zone.nodes
        seen: set[bytes] = set()
        for _ in range(MAX_CHAIN):
            node = nodes.get(name)
            if node is None:
                encloser, node = self._encloser(name)
                if node.cut:
                    return self._referral(encloser, node)
                dname = rrset_of(node, DNAME)
                if dname is not None:
                    target = self._synthesise(name, encloser, dname)
                    if target is None:
                        return self._found(YXDOMAIN)
                else:
                    wildcard = nodes.get(b"\1*" + encloser)
                    if wildcard is None:
                        return self._found(NXDOMAIN, authority=(negative(self.zone),))
                    node = wildcard  # RFC 4592 section 3.3.1: the source of synthesis, whatever it lacks
                    target = self._alias(name, node)
            else:
                target = self._alias(name, node)
            if target is None:
                return self._at(name, node)
            seen.add(name)
            if target in seen or not _is_under(target, self.zone.apex) or self.qtype == CNAME:
                break
            name = target
        return self._found(NOERROR)  # the chain leaves the zone, loops, or is too long: what is known of it

    def _encloser(self, name: bytes) -> tuple[bytes, Node]:
        """Find the closest encloser (RFC 4592 section 3.3.1); at worst the apex, which exists."""
        nodes = self.zone.nodes
        least = len(self.zone.apex)
        while len(name) > least:
            name = name[1 + name[0] :]
            node = nodes.get(name)
            if node is not None:
                return name, node
        return name, _NOTHING

    def _alias(self, name: bytes, node: Node) -> bytes | None:
        """Return the CNAME's target, the CNAME added to the answer; None where the question ends here."""
        if self.qtype in (CNAME, ANY):
            return None
        cname = rrset_of(node, CNAME)
        if cname is None:
            return None
        self.answer.append(Records(name, CNAME, cname.ttl, cname.rdata))
        return cname.targets[0]

    def _synthesise(self, name: bytes, owner: bytes, dname: RRset) -> bytes | None:
        """Add the DNAME and the CNAME it stands for (RFC 6672 section 3.1); None where the new name is too long."""
        self.answer.append(Records(owner, DNAME, dname.ttl, dname.rdata))
        prefix = name[: len(name) - len(owner)]
        if len(prefix) + len(dname.rdata[0]) > MAX_NAME:
            return None
        self.answer.append(Records(name, CNAME, dname.ttl, (prefix + dname.rdata[0],)))
        return prefix + dname.targets[0]

    def _at(self, name: bytes, node: Node) -> Found:
        """Answer from a node that is no alias."""
        qtype = self.qtype
        if node.cut and qtype != DS:
            return self._referral(name, node)
        if qtype == ANY and (node.rrsets or node.dynamic or node.hinted):
            one = node.rrsets[0] if node.rrsets else RRset(HINFO, _HINFO_TTL, _HINFO)  # RFC 8482: a subset is an answer
            return self._found(NOERROR, (Records(name, one.type, one.ttl, one.rdata),))
        rrset = rrset_of(node, qtype)
        if rrset is not None:
            added = self._addresses(rrset.targets, glue=qtype == NS) if qtype in _ADDITIONAL else ()
            return self._found(NOERROR, (Records(name, qtype, rrset.ttl, rrset.rdata),), additional=added)
        if node.dynamic is not None and (qtype in node.dynamic.types or node.dynamic.types == ALIASES):
            return self._found(NOERROR)._replace(dynamic=node.dynamic, owner=name)  # a pool's CNAME ends the chain: its target is not ours to chase
        hinted = tuple(one for one in node.hinted if one.type == qtype)
        if hinted:
            return self._found(NOERROR)._replace(hinted=hinted, owner=name)
        return self._found(NOERROR, authority=(negative(self.zone),))

    def _referral(self, owner: bytes, node: Node) -> Found:
        """Point below the cut. AA is about the question's name (RFC 1035 section 4.1.1): clear unless a CNAME of ours led here."""
        authority: list[Records] = []
        needed: tuple[Records, ...] = ()
        other: tuple[Records, ...] = ()
        for rrset in node.rrsets:
            if rrset.type == NS:
                authority.insert(0, Records(owner, NS, rrset.ttl, rrset.rdata))
                needed = self._addresses(tuple(t for t in rrset.targets if _is_under(t, owner)), glue=True)
                other = self._addresses(tuple(t for t in rrset.targets if not _is_under(t, owner)), glue=True)
            elif rrset.type == DS and self.do:  # RFC 4035 section 3.1.4
                authority.append(Records(owner, DS, rrset.ttl, rrset.rdata))
        return self._found(NOERROR, authority=tuple(authority))._replace(aa=bool(self.answer), glue=needed, additional=other)

    def _addresses(self, targets: tuple[bytes, ...], *, glue: bool) -> tuple[Records, ...]:
        """Return static addresses of names in this zone; those below cuts only as glue."""
        zone = self.zone
        found = []
        for target in targets[:MAX_TARGETS]:
            node = zone.nodes.get(target)
            rrsets = zone.glue.get(target, ()) if glue else ()
            if node is not None and not node.cut:
                rrsets = node.rrsets
            found += [Records(target, r.type, r.ttl, r.rdata) for r in rrsets if r.type in _ADDRESSES]
        return tuple(found)

    def _found(self, rcode: int, last: tuple[Records, ...] = (), authority: tuple[Records, ...] = (), additional: tuple[Records, ...] = ()) -> Found:
        return Found(rcode, aa=True, zone=self.zone, answer=(*self.answer, *last), authority=authority, additional=additional)


def rrset_of(node: Node, rtype: int) -> RRset | None:
    """Return the node's RRset of a type."""
    for rrset in node.rrsets:
        if rrset.type == rtype:
            return rrset
    return None


def _is_under(name: bytes, apex: bytes) -> bool:
    """Whether `name` is `apex` or below it, label by label."""
    extra = len(name) - len(apex)
    while extra > 0:
        extra -= 1 + name[0]
        name = name[1 + name[0] :]
    return name == apex


_NOTHING: Final = Node()
