"""Random operators: sites, pools of every policy there is, pools inside pools, backups, and members that fail. From a seed, the same everywhere.

Run as a program it prints a digest of what many clients are answered, so that two interpreters can be compared.
"""

from __future__ import annotations

import random
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address

from gslb.answer.client import Asker, Client
from gslb.answer.pick import pick
from gslb.compiler import Compiler
from gslb.model import AllDown, Check, FilterSpec, Location, Member, Model, Pool, Site
from gslb.override import Kind, Level, Override
from gslb.plan import Group, Partition, Row, Snapshot
from gslb.policy import PRESETS, Expanded, chain, expand
from gslb.verdict import State, Target, Verdict

SITES = {
    "fra": Site("fra", "", (50.11, 8.68)),
    "iad": Site("iad", "", (39.04, -77.49)),
    "sjc": Site("sjc", "", (37.34, -121.89)),
    "sin": Site("sin", "", (1.35, 103.82)),
    "gru": Site("gru", "", (-23.43, -46.47)),
}
CHECK = Check("web", "tcp", {"port": 80}, 5.0, 2.0, 3, 10, 5, "d")
PLACES = [("DE", "EU"), ("FR", "EU"), ("US", "NA"), ("BR", "SA"), ("SG", "AS"), ("JP", "AS"), ("ZA", "AF")]
MODES = ("all", "primary", "last_known_good", "servfail", "backup", "nodata")
BLOCK = 12  # bits: a location is a /12 of IPv4, a /12 of IPv6
NOW = 1_700_000_000.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One client's question and what it got."""

    pool: str
    kind: int
    client: bytes
    row: Row
    groups: list[Group]


class World:
    """A model, what is down in it, and its plan."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.locations = [Location(), *(self._location() for _ in range(2**BLOCK // 64 - 1))]
        self.model = self._model()
        self.verdicts = dict(self._verdicts())
        self.overrides = tuple(self._overrides())
        compiler = Compiler(self.model, self.locations, cut)
        self.ids = compiler.pool_ids
        self.plan: Snapshot = compiler.compile(self.verdicts, 1, now=NOW, overrides=self.overrides)

    def ask(self, chance: random.Random | None = None) -> Asked:
        """Ask for a random pool from a random place."""
        chance = chance or self.chance
        name, kind = chance.choice(sorted(self.ids)), chance.choice((1, 28))
        client = chance.getrandbits(32).to_bytes(4)
        pool = self.plan.pools[self.ids[name]]
        partition = self.plan.partitions.get(pool.partition)
        asker = Asker(client, name=b"\3www\7example\0")
        row = pool.rows[kind][asker.place(partition)[0]]
        assert row is not None
        return Asked(name, kind, client, row, pick(row, chance.getrandbits(64), Client.of(asker, partition)))

    def members(self, name: str, depth: int = 1) -> dict[bytes, Member]:
        """Return whose addresses a pool may answer with, those of pools inside it and of backups included."""
        pool = self.model.pools[name]
        found = {address.packed: member for member in pool.members for address in member.addresses}
        for inner in (*(member.pool for member in pool.members if member.pool), pool.when_all_down.backup):
            if inner and depth < 4:
                found |= self.members(inner, depth + 1)
        return found

    def state(self, rdata: bytes) -> State:
        """Return how an address is."""
        address = IPv4Address(rdata) if len(rdata) == 4 else IPv6Address(rdata)
        found = self.verdicts.get(Target("web", "d", str(address)))
        return State.UP if found is None else found.state

    def _location(self) -> Location:
        country, continent = self.chance.choice(PLACES)
        where = (self.chance.uniform(-60, 70), self.chance.uniform(-180, 180)) if self.chance.random() < 0.9 else None
        return Location(country, continent, None, where, self.chance.choice((None, 64500, 64501, 64502)))

    def _model(self) -> Model:
        pools: dict[str, Pool] = {}
        names = [f"p{n}" for n in range(6)]
        for n, name in enumerate(names):
            inner = [Member(f"in-{one}", (), None, self.chance.randint(0, 5), pool=one) for one in self.chance.sample(names[:n], min(n, 2))]
            members = inner if inner and self.chance.random() < 0.4 else self._members(n)
            pools[name] = self._pool(name, tuple(members), names[:n])
        return Model(SITES, {"web": CHECK}, pools, {})

    def _members(self, n: int) -> Iterator[Member]:
        for m in range(self.chance.randint(1, 6)):
            site = self.chance.choice([*SITES, None])
            addresses = (IPv4Address(f"10.{n}.{m}.1"), *((IPv6Address(f"2001:db8:{n}::{m}"),) if self.chance.random() < 0.8 else ()))
            checks = ("web",) if self.chance.random() < 0.9 else ()
            yield Member(f"m{n}-{m}", addresses, site, self.chance.choice((0, 1, 1, 2, 5, 9)), self.chance.choice((None, 1, 2)), checks)

    def _pool(self, name: str, members: tuple[Member, ...], before: list[str]) -> Pool:
        mode = self.chance.choice([mode for mode in MODES if before or mode != "backup"])
        down = AllDown(mode, self.chance.choice(before) if mode == "backup" else "")
        answers = self.chance.choice((None, 1, 2, 3))
        how = self._policy(answers)
        if mode == "nodata" and any(spec.name in ("geo", "nearest", "geofence", "networks", "asn") for spec in how.policy.filters):
            down = AllDown()
        more = {"joint": self.chance.random() < 0.1, "couple": self.chance.random() < 0.2, "failback_delay": self.chance.choice((0.0, 0.0, 120.0))}
        return Pool(name, members, how.policy, how.answers, 60, 10, down, **more)  # type: ignore[arg-type]

    def _policy(self, answers: int | None) -> Expanded:
        sites = list(SITES)
        rules = {"EU": self.chance.sample(sites, 2), "US": self.chance.sample(sites, 2), "default": sites, "fence": self.chance.random() < 0.2}
        if self.chance.random() < 0.6:
            name = self.chance.choice(sorted(PRESETS))
            return expand(name, rules if name == "geo" else {}, answers=answers)
        links = [
            FilterSpec("healthy", {"members_below": self.chance.choice((1, 2)), "weight_below": self.chance.choice((0, 40))}),
            FilterSpec("geo", rules),
            FilterSpec("nearest", {"bias": {"sin": 30, "iad": -20}}),
            FilterSpec("geofence", {"fra": ["EU"], "gru": ["SA", "NA"]}),
            FilterSpec("asn", {"AS64500": ["sin", "iad"]}),
            FilterSpec("limit", {"members": 3, "per_site": 1}),
            FilterSpec("priority"),
            FilterSpec("ramp", {"over": 300.0, "step": 60.0}),
            FilterSpec("schedule", {"fra": ["08:00-18:00"], "zone": "+01:00"}),
        ]
        kept = self.chance.sample(links, self.chance.randint(1, 4))
        return chain(kept, answers=answers, pick=self.chance.choice(("all", "first", "rotate", "weighted", "sticky")))

    def _verdicts(self) -> Iterator[tuple[Target, Verdict]]:
        sick = self.chance.choice((0.0, 0.2, 0.5, 1.0))
        for pool in self.model.pools.values():
            for address in (address for member in pool.members if member.checks for address in member.addresses):
                state = State.DOWN if self.chance.random() < sick else self.chance.choice((State.UP, State.UP, State.UP, State.UNKNOWN))
                soon = self.chance.choice((None, None, None, 25.0))
                grade = self.chance.choice((100, 100, 60))
                since = NOW - self.chance.choice((10.0, 100.0, 1e5))
                yield Target("web", "d", str(address)), Verdict(state, since, grade, since, soon)

    def _overrides(self) -> Iterator[Override]:
        for _ in range(self.chance.choice((0, 0, 1, 2))):
            member = self.chance.choice([(pool.id, m.id) for pool in self.model.pools.values() for m in pool.members])
            yield Override(self.chance.choice(list(Kind)), Level.MEMBER, pool=member[0], member=member[1], weight=3)


def cut(regions: Sequence[int]) -> Partition:
    """Give location n the blocks n, n + 64, n + 128, … of the address space, so that scopes have neighbours to be wrong about."""
    starts = range(2**BLOCK)
    of = [regions[n % len(regions)] for n in starts]
    kept = [n for n in starts if n == 0 or of[n] != of[n - 1]]
    return Partition(
        array("I", [n << 32 - BLOCK for n in kept]),
        array("H", [of[n] for n in kept]),
        array("Q", [n << 64 - BLOCK for n in kept]),
        array("Q", [0] * len(kept)),
        array("H", [of[n] for n in kept]),
    )


def without(world: World, rdata: bytes) -> World:
    """Return the same world with one more address down."""
    twin = object.__new__(World)
    twin.chance, twin.locations, twin.model, twin.overrides = random.Random(0), world.locations, world.model, world.overrides
    address = str(IPv4Address(rdata) if len(rdata) == 4 else IPv6Address(rdata))
    twin.verdicts = {t: replace(v, state=State.DOWN) if t.address == address else v for t, v in world.verdicts.items()}
    compiler = Compiler(world.model, world.locations, cut)
    twin.ids = compiler.pool_ids
    twin.plan = compiler.compile(twin.verdicts, 1, now=NOW, overrides=world.overrides)
    return twin


def digest(worlds: int, clients: int) -> str:
    """Fold everything that many clients of many worlds are answered into one number."""
    folded = sha256()
    for seed in range(worlds):
        world = World(seed)
        for _ in range(clients):
            asked = world.ask()
            folded.update(repr((asked.pool, asked.kind, asked.client, asked.row.ttl, asked.row.reason, [g.rdata for g in asked.groups])).encode())
    return folded.hexdigest()


if __name__ == "__main__":
    print(digest(int(sys.argv[1]), int(sys.argv[2])))
