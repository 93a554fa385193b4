"""Random worlds to explain: sites, pools of every kind and policy, zones, clients somewhere, members in any state.

Everything follows from the seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from gslb import geo
from gslb.compiler import Compiler
from gslb.explain import Subject
from gslb.explain.assume import NOTHING, Assumed
from gslb.explain.subject import LIVE
from gslb.model import AllDown, Check, FilterSpec, Hinted, Member, Model, NameData, NetworkFact, Pool, PoolRef, RRset, Site, Zone
from gslb.moment import Moment
from gslb.names import from_text
from gslb.override import Kind, Level, Override
from gslb.policy import chain, expand
from gslb.verdict import State, Target, Verdict

NOW = 1_767_571_200.0  # Monday 2026-01-05 00:00 UTC
APEX = from_text("example.com.")
SOA = RRset(6, 300, (b"\0\0" + bytes(16) + (30).to_bytes(4),))
SITES = {
    "fra": Site("fra", "Frankfurt", (50.11, 8.68)),
    "iad": Site("iad", "Ashburn", (39.04, -77.49)),
    "sjc": Site("sjc", "San Jose", (37.34, -121.89)),
    "sin": Site("sin", "Singapore", (1.35, 103.82)),
    "syd": Site("syd", "Sydney", (-33.9, 151.2)),
    "nil": Site("nil", "Nowhere"),
}
CHECKS = {
    "web": Check("web", "tcp", {"port": 80}, 5.0, 2.0, 3, 10, 5, "d1"),
    "deep": Check("deep", "http", {}, 5.0, 2.0, 3, 10, 5, "d2"),
}
PLACES = ("DE", "FR", "US", "SG", "AU", "BR", "ZA")


@dataclass
class World:
    """One random world, compiled."""

    subject: Subject
    names: list[bytes]
    chance: random.Random

    def assumed(self) -> Assumed:
        """Draw what is to be assumed: mostly nothing, else sites, pools and members down or drained, or another time."""
        if self.chance.random() < 0.6:
            return NOTHING
        model = self.subject.model
        pool = self.chance.choice(list(model.pools.values()))
        subjects = [f"site:{self.chance.choice(list(model.sites))}", f"pool:{pool.id}", f"{pool.id}/{self.chance.choice(pool.members).id}"]
        down, drained = (tuple(self.chance.sample(subjects, self.chance.choice([0, 0, 1, 2]))) for _ in range(2))
        return Assumed(down, drained, self.chance.choice([None, None, NOW + 3600, NOW + 40, NOW + 12 * 3600, NOW + 5 * 86_400]))

    def client(self) -> Any:
        """Draw an address, of both families, now and then one that is special or holds IPv4."""
        draw = self.chance.random()
        if draw < 0.6:
            return IPv4Address(self.chance.getrandbits(32))
        if draw < 0.9:
            return IPv6Address((0x2000 << 112) | self.chance.getrandbits(125))
        return ip_address(self.chance.choice(["10.1.2.3", "127.0.0.1", "fc00::1", "2002:c000:0201::1", "64:ff9b::c633:6401", "::ffff:198.51.100.1"]))

    def subnet(self) -> Any:
        """Draw a client subnet of any length."""
        address = self.client()
        length = self.chance.choice([24, 24, 24, 16, 20, 32, 0, 28] if address.version == 4 else [56, 56, 48, 64, 40, 128, 0])
        return (IPv4Network if address.version == 4 else IPv6Network)((address, length), strict=False)


def build(seed: int) -> World:
    """Make one world; the same for the same seed on every machine."""
    chance = random.Random(seed)
    networks = tuple({fact.network: fact for fact in (_fact(chance) for _ in range(chance.randint(0, 40)))}.values())
    atlas = geo.load(None, networks, SITES)
    pools = _pools(chance)
    names = {from_text(f"{name}", APEX): NameData((), PoolRef(name, ttl=chance.choice([None, None, 5, 40]))) for name in pools}
    names |= {from_text("*.wild", APEX): NameData((), PoolRef(chance.choice([n for n, p in pools.items() if not p.of_names])))}
    hints = Hinted(65, 99, b"\0\1\0", chance.choice([n for n, p in pools.items() if not p.of_names]))
    names |= {from_text("hints", APEX): NameData(hinted=(hints,))}
    names |= {from_text("alias", APEX): NameData((RRset(5, 77, (next(iter(names)),), (next(iter(names)),)),))}
    model = Model(SITES, CHECKS, pools, {APEX: Zone(APEX, {APEX: NameData((SOA,)), **names})}, networks)
    moment = Moment(_verdicts(chance, model), NOW, _overrides(chance, model))
    compiler = Compiler(model, atlas.locations, atlas.cut)
    snapshot = compiler.compile(moment.verdicts, 7, now=NOW, overrides=moment.overrides)
    asked = [from_text(f"{name}", APEX) for name in pools] + [from_text("a.b.wild", APEX), from_text("alias", APEX)]
    return World(Subject("ns1", model, compiler, atlas, snapshot, moment, LIVE), asked, chance)


def _fact(chance: random.Random) -> NetworkFact:
    if chance.random() < 0.6:
        network: Any = IPv4Network((chance.getrandbits(32), chance.choice([2, 4, 8, 12, 20, 24, 26])), strict=False)
    else:
        network = IPv6Network(((0x2000 << 112) | chance.getrandbits(125), chance.choice([4, 8, 20, 32, 48, 56, 60])), strict=False)
    facts: dict[str, Any] = {}
    if chance.random() < 0.8:
        facts["country"] = chance.choice(PLACES)
    if chance.random() < 0.2:
        facts["site"] = chance.choice(list(SITES))
    if chance.random() < 0.2:
        facts["asn"] = chance.randint(64496, 64499)
    if chance.random() < 0.2:
        facts["tags"] = frozenset({chance.choice(["office", "vpn"])})
    return NetworkFact(network, **facts)


def _pools(chance: random.Random) -> dict[str, Pool]:
    """Make pools of addresses, of names, and pools that hold or lean on those before them."""
    pools: dict[str, Pool] = {}
    for number in range(6):
        kind = chance.choice(["addresses", "addresses", "addresses", "names", "nested", "nested"] if number else ["addresses"])
        earlier = [pool for pool in pools.values() if not pool.of_names and pool.id.startswith("addresses")]
        members = _named(chance, number) if kind == "names" else _addressed(chance, number)
        if kind == "nested":
            inside = chance.sample(earlier, min(len(earlier), chance.randint(1, 2)))
            members = (*(Member(pool.id, (), None, chance.randint(0, 4), pool=pool.id) for pool in inside), *members[: chance.randint(0, 2)])
        used = [member.site for member in members if member.site] or ["fra"]
        how = _policy(chance, used)
        name = f"{kind}{number}"
        down = AllDown(chance.choice(["all", "all", "primary", "last_known_good", "servfail"]))
        if kind == "addresses" and earlier and chance.random() < 0.3:
            down = AllDown("backup", chance.choice(earlier).id)
        pools[name] = Pool(
            name, tuple(members), how.policy, how.answers, 60, chance.choice([60, 10, 5]), down,
            joint=kind == "addresses" and chance.random() < 0.15, couple=kind == "addresses" and chance.random() < 0.2,
            family_down=chance.choice(["all", "all", "nodata"]), failback_delay=chance.choice([0.0, 0.0, 120.0]),
        )  # fmt: skip
    return pools


def _addressed(chance: random.Random, pool: int) -> tuple[Member, ...]:
    found = []
    for n in range(chance.randint(1, 7)):
        site = chance.choice(list(SITES))
        v4 = [IPv4Address(f"192.{pool}.{n}.{i + 1}") for i in range(chance.choice([1, 1, 1, 2, 0]))]
        v6 = [IPv6Address(f"2001:db8:{pool:x}:{n:x}::{i + 1:x}") for i in range(chance.choice([1, 1, 0, 2]))]
        checks = chance.choice([("web",), ("web",), ("web", "deep"), ()])
        priority = chance.choice([None, None, 1, 2])
        found.append(Member(f"m{n}", (*v4, *v6) or (IPv4Address(f"192.{pool}.{n}.9"),), site, chance.choice([1, 1, 2, 5, 0]), priority, checks))
    return tuple(found)


def _named(chance: random.Random, pool: int) -> tuple[Member, ...]:
    return tuple(
        Member(f"n{n}", (), chance.choice(list(SITES)), chance.randint(0, 3), target=from_text(f"cdn{pool}-{n}.example.net."),
               check_at=(IPv4Address(f"198.51.{pool}.{n}"),), checks=("web",))
        for n in range(chance.randint(1, 4))
    )  # fmt: skip


def _policy(chance: random.Random, sites: list[str]) -> Any:
    def listed() -> tuple[str, ...]:
        return tuple(dict.fromkeys(chance.choices(sites, k=2)))

    name = chance.choice(["failover", "round-robin", "weighted", "nearest", "geo", "sticky", "all", "chain", "chain"])
    answers = chance.choice([None, None, 1, 2, 3])
    if name == "nearest":
        return expand(name, {"bias": {chance.choice(sites): chance.randint(-90, 90)}} if chance.random() < 0.5 else {}, answers=answers)
    if name == "geo":
        return expand(name, {"EU": listed(), "US": listed(), "default": listed(), "fence": chance.random() < 0.2}, answers=answers)
    if name == "sticky":
        return expand(name, {"key": chance.choice([("net",), ("asn",), ("country",), ("qname",), ("net", "qname")])}, answers=answers)
    if name != "chain":
        return expand(name, {}, answers=answers)
    links = [
        FilterSpec("geofence", {chance.choice(sites): ("EU", "US")}),
        FilterSpec("networks", {"tag:office": listed()}),
        FilterSpec("asn", {"AS64496": listed(), "fence": chance.random() < 0.3}),
        FilterSpec("schedule", {chance.choice(sites): ("mon-fri 08:00-18:00",)}),
        FilterSpec("ramp", {"over": 300.0}),
        FilterSpec("nearest"),
        FilterSpec("priority"),
        FilterSpec("limit", {"sites": 2}),
        FilterSpec("limit", {"members": 2, "per_site": 1}),
    ]
    pick = chance.choice(["first", "all", "rotate", "weighted", "sticky"])
    return chain(chance.sample(links, chance.randint(1, 3)), pick=pick, answers=answers, health=chance.random() < 0.9)


def _verdicts(chance: random.Random, model: Model) -> dict[Target, Verdict]:
    """Give members a state; whole worlds are well, ill, or mixed."""
    mood = chance.choice([(1, 0, 0), (6, 1, 3), (2, 1, 5), (0, 1, 9), (0, 0, 1)])
    found = {}
    for pool in model.pools.values():
        for member in pool.members:
            for check in member.checks:
                for address in (*member.addresses, *member.check_at):
                    state = chance.choices([State.UP, State.UNKNOWN, State.DOWN], mood)[0]
                    soon = chance.choice([None, None, None, 3.0, 12.0, 45.0])
                    since = NOW - chance.choice([1.0, 20.0, 100.0, 1000.0])
                    grade = chance.choice([100, 100, 100, 35, 72])
                    last_up = since if state is State.DOWN and chance.random() < 0.7 else None
                    target = Target(check, model.checks[check].digest, str(address))
                    if chance.random() < 0.95:
                        found[target] = Verdict(state, since, grade, last_up, soon, "told by chance")
    return found


def _overrides(chance: random.Random, model: Model) -> tuple[Override, ...]:
    found = []
    for _ in range(chance.choice([0, 0, 0, 1, 2])):
        pool = chance.choice(list(model.pools.values()))
        kind = chance.choice(list(Kind))
        expires = chance.choice([None, NOW + 30, NOW - 30])
        if chance.random() < 0.5:
            found.append(Override(kind, Level.SITE, site=chance.choice(list(SITES)), weight=3, author="ada", reason="drill", expires=expires))
        else:
            member = chance.choice(pool.members).id
            found.append(Override(kind, Level.MEMBER, pool=pool.id, member=member, weight=7, author="ada", reason="drill", expires=expires))
    return tuple(found)
