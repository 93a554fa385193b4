"""Zones from text, snapshots by hand, and questions through `answer()`, decoded by two libraries that wrote none of it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdatatype
import dns.zone
import dnslib
import pytest

from gslb import model, names, plan
from gslb.answer import Env, Memo, NeedRow, Reply
from gslb.compiler.zones import compile_zone
from gslb.testing.engines import Engine, Outcome, PythonEngine

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
toto CNAME to
tosvc CNAME svc
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


def load(
    text: str, origin: str, pools: Mapping[str, model.PoolRef] | None = None, hinted: Mapping[str, tuple[model.Hinted, ...]] | None = None
) -> model.Zone:
    """Read zone text with dnspython."""
    zone = dns.zone.from_text(text, origin, relativize=False, check_origin=False)
    found = {}
    for name, node in zone.nodes.items():
        rrsets = tuple(model.RRset(int(one.rdtype), one.ttl, tuple(data.to_wire() for data in one)) for one in node.rdatasets)
        found[name.to_wire().lower()] = model.NameData(rrsets)
    for name, ref in (pools or {}).items():
        wire = names.from_text(name)
        found[wire] = model.NameData(found[wire].rrsets if wire in found else (), ref)
    for name, records in (hinted or {}).items():
        wire = names.from_text(name)
        found[wire] = replace(found.get(wire, model.NameData()), hinted=records)
    return model.Zone(names.from_text(origin), found)


def rows(*sites: str, kind: plan.Pick = plan.Pick.WEIGHTED, answers: int = 1, ttl: int = 30, head: bytes = b"\xc6\x33\x64") -> plan.Row:
    """One group per site, weight 1, its address made from the site's first letter."""
    return plan.Row(kind, answers, ttl, tuple(plan.Group(1, (head + site[:1].encode(),), None, site) for site in sites))


def sticky(*sites: str, bits4: int = 24, bits6: int = 56, qname: bool = False, **kind: object) -> plan.Row:
    """A sticky row of these sites."""
    row = rows(*sites, kind=plan.Pick.STICKY, **kind)  # type: ignore[arg-type]  # options of rows, by name
    groups = tuple(group._replace(key=int.from_bytes(group.site.encode().ljust(8, b"\0"))) for group in row.groups)
    return row._replace(groups=groups, sticky=plan.Sticky(7, bits4, bits6, qname))


def around(kind: plan.Pick, *inside: plan.Row, answers: int = 1, bits4: int = 0) -> plan.Row:
    """A row of rows."""
    groups = tuple(plan.Group(n + 1, (), one, key=n) for n, one in enumerate(inside))
    return plan.Row(kind, answers, 30, groups, sticky=plan.Sticky(9, bits4, bits4) if kind is plan.Pick.STICKY else None)


def https(text: str, pool: str, rtype: str = "HTTPS", ttl: int = 300) -> model.Hinted:
    """A record whose hints are to come from a pool."""
    data = dns.rdata.from_text("IN", rtype, text, origin=dns.name.from_text("example.com."), relativize=False)
    return model.Hinted(int(data.rdtype), ttl, data.to_wire(), pool)


V6 = b"\x20\x01\x0d\xb8" + bytes(11)  # and an octet

PARTITION = plan.Partition(
    # 10.0.0.0/8 is mapped by the operator (region 2), 20.0.0.0/8 is region 1, 2001:db8::/32 is region 1
    array("I", [0, 10 << 24, 11 << 24, 20 << 24, 21 << 24]),
    array("H", [0, 2, 0, 1, 0]),
    array("Q", [0, 0x20010DB8 << 32, 0x20010DB9 << 32]),
    array("Q", [0, 0, 0]),
    array("H", [0, 1, 0]),
)


def demo() -> plan.Snapshot:
    """The zone above, and pools.

    `web` has three regions and A alone, `flat` no partition; `empty`, `broken` and `missing` say what they are; `names` is of names; `stick` and
    `deep` look at the client, `couple` too, by its draw; `joint` has AAAA for one site of two.
    """
    ref = model.PoolRef
    pools = {
        "www.example.com.": ref("web", ttl=20),
        "flat.example.com.": ref("flat"),
        "*.pooled.example.com.": ref("web"),
        "empty.example.com.": ref("empty"),
        "broken.example.com.": ref("broken"),
        "missing.example.com.": ref("missing"),
        "to.example.com.": ref("names", ttl=10),
        "*.tos.example.com.": ref("names"),
        "stick.example.com.": ref("stick"),
        "couple.example.com.": ref("couple"),
        "deep.example.com.": ref("deep"),
        "joint.example.com.": ref("joint", ttl=20),
    }
    hinted = {
        "www.example.com.": (https("1 . alpn=h2,h3", "web"),),
        "couple.example.com.": (https('1 . port=8443 ech="AARhYmNk" key65400=x', "couple", ttl=25),),
        "svc.example.com.": (https("1 stick alpn=h2 no-default-alpn port=53", "stick", "SVCB"), https('2 joint ech="AARhYmNk"', "joint", "SVCB")),
        "*.hints.example.com.": (https("1 www", "missing"),),
        "gone.example.com.": (https("1 www alpn=h2", "broken"),),
    }
    ids = {"web": 1, "flat": 2, "empty": 3, "broken": 4, "missing": 5, "names": 6, "stick": 7, "couple": 8, "deep": 9, "joint": 10}
    zone = compile_zone(load(ZONE, "example.com.", pools, hinted), ids, {"names"})
    web = (rows("def"), rows("one"), rows("two"))
    none = plan.Row(plan.Pick.ALL, 0, 30, ())
    aliases = tuple(
        plan.Row(plan.Pick.ROTATE, answers, 30, tuple(plan.Group(1, (names.from_text(f"{site}.example.net."),), None, site) for site in sites))
        for answers, sites in ((1, ("any",)), (0, ("one", "uno")), (1, ("two",)))
    )
    stick = (sticky("abc", "def", "ghi"), sticky("jkl", "mno", answers=2, qname=True), sticky("one"))
    inner = around(plan.Pick.ROTATE, around(plan.Pick.ALL, sticky("pq", "rs", bits4=20, bits6=48), rows("tu", "vw")), rows("xy"))
    deep = (around(plan.Pick.WEIGHTED, inner, rows("zz")), around(plan.Pick.STICKY, rows("aa"), inner, bits4=16), rows("bb"))
    joint = rows("dual", "only4", kind=plan.Pick.ROTATE)
    lacking = joint._replace(groups=(joint.groups[0]._replace(rdata=(V6 + b"\1",)), joint.groups[1]._replace(rdata=())))
    return plan.Snapshot(
        1,
        {zone.apex: zone},
        {
            1: plan.Pool("web", 0, {1: web, 28: (none, none, none)}, {1: web[0], 28: none}),
            2: plan.Pool("flat", plan.NO_PARTITION, {1: (rows("xx", "yy", kind=plan.Pick.ALL, answers=0),), 28: (none,)}, {1: rows("xx"), 28: none}),
            3: plan.Pool("empty", 0, {1: (none, none, none)}, {1: none}),
            4: plan.Pool("broken", 0, {1: (none._replace(rcode=2, reason="fenced"),) * 3}, {1: none}),
            5: plan.Pool("missing", 0, {1: (rows("def"), None, None)}, {1: rows("low", ttl=5)}),
            6: plan.Pool("names", 0, {5: aliases}, {5: aliases[0]}),
            7: plan.Pool("stick", 0, {1: stick, 28: (sticky("abc", "def", head=V6), None, none)}, {1: stick[0], 28: none}),
            8: plan.Pool(
                "couple",
                plan.NO_PARTITION,
                {1: (rows("abc", "def", "ghi"),), 28: (rows("abc", "def", "ghi", head=V6, ttl=15),)},
                {1: rows("abc"), 28: rows("abc", head=V6)},
                plan.Sticky(8, 24, 48),
            ),
            9: plan.Pool("deep", 0, {1: deep, 28: (none,) * 3}, {1: deep[2], 28: none}),
            10: plan.Pool("joint", plan.NO_PARTITION, {1: (joint,), 28: (lacking,)}, {1: joint, 28: lacking}, plan.Sticky(8, 20, 40)),
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
    engine: Engine,
    snapshot: plan.Snapshot,
    name: str,
    rtype: str = "A",
    *,
    client: bytes = CLIENT,
    draw: int = 0,
    udp: bool = True,
    ecs: str = "",
    **options: object,
) -> Answer:
    """Ask an engine, and see that `Memo` says the same, first and again."""
    if ecs:
        options["options"] = [dns.edns.ECSOption.from_text(ecs)]
    options.setdefault("use_edns", False if not (ecs or options.get("want_dnssec") or options.get("payload")) else 0)
    query = dns.message.make_query(name, rtype, **options)  # type: ignore[arg-type]  # options of make_query, by name
    wire = query.to_wire()
    result = engine.answer(snapshot, wire, client, Env(draw, udp=udp))
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
def answer(engine: Engine) -> Callable[[plan.Snapshot, bytes, bytes, Env], Outcome]:
    """An engine's `answer()`."""
    return engine.answer


@pytest.fixture(scope="session")
def ask_of(engine: Engine) -> Callable[..., Answer]:
    """Ask any snapshot that an assembler takes."""
    return partial(ask, engine)


@pytest.fixture(scope="session")
def ask_reference() -> Callable[..., Answer]:
    """Ask the reference alone, which answers from plans too that every assembler refuses."""
    return partial(ask, PythonEngine())


@pytest.fixture(scope="session")
def snapshot() -> plan.Snapshot:
    return demo()


@pytest.fixture(scope="session")
def asked(snapshot: plan.Snapshot, ask_of: Callable[..., Answer]) -> Callable[..., Answer]:
    """Ask the demonstration snapshot."""

    def one(name: str, rtype: str = "A", **options: object) -> Answer:
        name = name if name.endswith(".") else f"{name}.example.com." if name != "@" else "example.com."
        return ask_of(snapshot, name, rtype, **options)

    return one
