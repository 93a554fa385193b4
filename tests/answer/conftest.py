"""Zones from text, snapshots by hand, and questions through `answer()`, decoded by two libraries that wrote none of it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.zone
import dnslib
import pytest

from gslb import model, names, plan
from gslb.answer import Env, Memo, NeedRow, Reply, answer
from gslb.compiler.zones import compile_zone

CLIENT = b"\x7f\0\0\1"

ZONE = """
$ORIGIN example.com.
$TTL 300
@ 3600 SOA ns1 host 1 3600 600 86400 60
@ NS ns1
@ NS ns2.other.net.
@ MX 10 mail
@ DS 1 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
mail A 192.0.2.2
Mixed.Case A 192.0.2.3
odd TYPE65400 \\# 4 deadbeef
srv SRV 1 2 80 mail
srv SRV 1 2 80 www
a.b.ent A 192.0.2.4
*.wild TXT "any"
*.wild MX 10 mail
exact.wild A 192.0.2.5
below.ent.wild A 192.0.2.6
*.alias CNAME mail
*.toweb CNAME www
sub NS ns.sub
sub NS ns1
sub NS ns.elsewhere.org.
sub DS 1 8 2 ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100
sub TXT "the child's"
ns.sub A 192.0.2.7
deep.ns.sub A 192.0.2.8
self NS self
self A 192.0.2.9
*.x.sub A 192.0.2.10
old CNAME www
older CNAME old
out CNAME www.example.org.
nowhere CNAME nothing
nodata CNAME odd
tosub CNAME host.sub
loop1 CNAME loop2
loop2 CNAME loop1
itself CNAME itself
*.spin CNAME a.spin
d DNAME target
d TXT "at the owner"
host.target A 192.0.2.11
gone.d A 192.0.2.12
apart DNAME example.org.
round DNAME round
long DNAME {long}
big TXT {big}
""".format(long=".".join(["x" * 60] * 3), big=" ".join(['"' + "b" * 200 + '"'] * 5))


def load(text: str, origin: str, pools: Mapping[str, model.PoolRef] | None = None) -> model.Zone:
    """Read zone text with dnspython."""
    zone = dns.zone.from_text(text, origin, relativize=False, check_origin=False)
    found = {}
    for name, node in zone.nodes.items():
        rrsets = tuple(model.RRset(int(one.rdtype), one.ttl, tuple(data.to_wire() for data in one)) for one in node.rdatasets)
        found[name.to_wire().lower()] = model.NameData(rrsets)
    for name, ref in (pools or {}).items():
        wire = names.from_text(name)
        found[wire] = model.NameData(found[wire].rrsets if wire in found else (), ref)
    return model.Zone(names.from_text(origin), found)


def rows(*sites: str, kind: plan.Pick = plan.Pick.WEIGHTED, answers: int = 1, ttl: int = 30, head: bytes = b"\xc6\x33\x64") -> plan.Row:
    """One group per site, weight 1, its address made from the site's first letter."""
    return plan.Row(kind, answers, ttl, tuple(plan.Group(1, (head + site[:1].encode(),), None, site) for site in sites))


PARTITION = plan.Partition(
    # 10.0.0.0/8 is mapped by the operator (region 2), 20.0.0.0/8 is region 1, 2001:db8::/32 is region 1
    array("I", [0, 10 << 24, 11 << 24, 20 << 24, 21 << 24]),
    array("H", [0, 2, 0, 1, 0]),
    array("Q", [0, 0x20010DB8 << 32, 0x20010DB9 << 32]),
    array("Q", [0, 0, 0]),
    array("H", [0, 1, 0]),
)


def demo() -> plan.Snapshot:
    """The zone above, with pools `web` (three regions, A only has rows in all), `flat` (no partition), `empty`, `broken` and `missing`."""
    ref = model.PoolRef
    pools = {
        "www.example.com.": ref("web", ttl=20),
        "flat.example.com.": ref("flat"),
        "*.pooled.example.com.": ref("web"),
        "empty.example.com.": ref("empty"),
        "broken.example.com.": ref("broken"),
        "missing.example.com.": ref("missing"),
    }
    ids = {"web": 1, "flat": 2, "empty": 3, "broken": 4, "missing": 5}
    zone = compile_zone(load(ZONE, "example.com.", pools), ids)
    web = (rows("def"), rows("one"), rows("two"))
    none = plan.Row(plan.Pick.ALL, 0, 30, ())
    return plan.Snapshot(
        1,
        {zone.apex: zone},
        {
            1: plan.Pool("web", 0, {1: web, 28: (none, none, none)}, {1: web[0], 28: none}),
            2: plan.Pool("flat", plan.NO_PARTITION, {1: (rows("xx", "yy", kind=plan.Pick.ALL, answers=0),), 28: (none,)}, {1: rows("xx"), 28: none}),
            3: plan.Pool("empty", 0, {1: (none, none, none)}, {1: none}),
            4: plan.Pool("broken", 0, {1: (none._replace(rcode=2, reason="fenced"),) * 3}, {1: none}),
            5: plan.Pool("missing", 0, {1: (rows("def"), None, None)}, {1: rows("low", ttl=5)}),
        },
        {0: PARTITION},
    )


@dataclass(frozen=True)
class Answer:
    """A reply, decoded."""

    wire: bytes
    message: dns.message.Message
    reply: Reply

    @property
    def rcode(self) -> str:
        return dns.rcode.to_text(self.message.rcode())

    @property
    def flags(self) -> str:
        return dns.flags.to_text(self.message.flags)

    def section(self, name: str) -> list[str]:
        """Records of a section as `owner ttl type rdata`, in order, names below example.com. shortened and that itself `@`."""
        lines = [
            f"{rrset.name} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {data.to_text()}"
            for rrset in getattr(self.message, name)
            for data in rrset
        ]
        return [line.replace(".example.com.", "").replace("example.com.", "@") for line in lines]

    @property
    def scope(self) -> int | None:
        found = [option for option in self.message.options if isinstance(option, dns.edns.ECSOption)]
        return found[0].scopelen if found else None


def decode(wire: bytes) -> dns.message.Message:
    """Both decoders must read it, and read as many records."""
    other = dnslib.DNSRecord.parse(wire)
    message = dns.message.from_wire(wire, one_rr_per_rrset=False)
    counts = [sum(len(rrset) for rrset in section) for section in (message.answer, message.authority)]
    assert [len(other.rr), len(other.auth)] == counts
    return message


def ask(
    snapshot: plan.Snapshot, name: str, rtype: str = "A", *, client: bytes = CLIENT, draw: int = 0, udp: bool = True, ecs: str = "", **options: object
) -> Answer:
    """Ask through `answer()`, and see that `Memo` says the same, first and again."""
    if ecs:
        options["options"] = [dns.edns.ECSOption.from_text(ecs)]
    options.setdefault("use_edns", False if not (ecs or options.get("want_dnssec") or options.get("payload")) else 0)
    query = dns.message.make_query(name, rtype, **options)  # type: ignore[arg-type]  # options of make_query, by name
    wire = query.to_wire()
    result = answer(snapshot, wire, client, Env(draw, udp=udp))
    reply = result.reply if isinstance(result, NeedRow) else result
    assert isinstance(reply, Reply)
    if udp:
        memo = Memo(snapshot)
        assert memo.reply(wire, client, draw) == reply.wire
        assert memo.reply(wire, client, draw) == reply.wire
    message = decode(reply.wire)
    assert message.id == query.id
    return Answer(reply.wire, message, reply)


@pytest.fixture(scope="session")
def load_zone() -> Callable[..., model.Zone]:
    return load


@pytest.fixture(scope="session")
def snapshot() -> plan.Snapshot:
    return demo()


@pytest.fixture(scope="session")
def asked(snapshot: plan.Snapshot) -> Callable[..., Answer]:
    """Ask the demonstration snapshot."""

    def one(name: str, rtype: str = "A", **options: object) -> Answer:
        name = name if name.endswith(".") else f"{name}.example.com." if name != "@" else "example.com."
        return ask(snapshot, name, rtype, **options)  # type: ignore[arg-type]  # options of ask, by name

    return one
