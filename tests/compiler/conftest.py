"""A small world for compiler tests: four sites, locations around them, a cutter that needs no geo data."""

from array import array
from collections.abc import Sequence
from ipaddress import ip_address
from types import SimpleNamespace

import pytest

from gslb.compiler import Compiler
from gslb.model import UNKNOWN_LOCATION, AllDown, Check, FilterSpec, Location, Member, Model, Pool, Site
from gslb.moment import Moment
from gslb.override import Override
from gslb.plan import Partition, Row, Snapshot
from gslb.policy import Expanded, chain, expand
from gslb.verdict import State, Target, Verdict

SITES = {
    "fra": Site("fra", "Frankfurt", (50.11, 8.68)),
    "iad": Site("iad", "Ashburn", (39.04, -77.49)),
    "sjc": Site("sjc", "San Jose", (37.34, -121.89)),
    "sin": Site("sin", "Singapore", (1.35, 103.82)),
}

LOCATIONS = [
    UNKNOWN_LOCATION,
    Location("DE", "EU", None, (51.0, 9.0)),
    Location("US", "NA", "VA", (38.0, -78.0)),
    Location("US", "NA", "CA", (36.0, -119.0)),
    Location("SG", "AS", None, (1.3, 103.8)),
    Location("FR", "EU", None, (47.0, 2.0)),
]

CHECK = Check("web", "tcp", {"port": 80}, 5.0, 2.0, 3, 10, 5, "d1")


def cut(regions: Sequence[int]) -> Partition:
    """Give location n the n-th block of addresses, in both families."""
    bits = len(regions).bit_length()
    return Partition(
        array("I", [n << 32 - bits for n in range(len(regions))]),
        array("H", regions),
        array("Q", [n << 64 - bits for n in range(len(regions))]),
        array("Q", [0] * len(regions)),
        array("H", regions),
    )


def member(site: str, weight: int = 1, *, v4: int = 1, v6: int = 1, checks: tuple[str, ...] = ("web",), **more: object) -> Member:
    """A cluster at a site: its addresses say which site they are of."""
    n = list(SITES).index(site) + 1
    addresses = [ip_address(f"192.0.2.{10 * n + i}") for i in range(v4)] + [ip_address(f"2001:db8::{n}:{i}") for i in range(v6)]
    return Member(site, tuple(addresses), site, weight, checks=checks, **more)  # type: ignore[arg-type]


def policy(name: str, *, answers: int | None = None, **options: object) -> Expanded:
    return expand(name, options, answers=answers)


def written(*filters: FilterSpec | str, pick: str = "first", answers: int | None = None) -> Expanded:
    return chain([f if isinstance(f, FilterSpec) else FilterSpec(f) for f in filters], pick=pick, answers=answers)


def pool(name: str, members: Sequence[Member], how: Expanded, down: str = "all", ttl: tuple[int, int] = (60, 10), **more: object) -> Pool:
    mode, _, backup = down.partition(":")
    return Pool(name, tuple(members), how.policy, how.answers, *ttl, AllDown(mode, backup), **more)  # type: ignore[arg-type]


def inside(name: str, weight: int = 1, site: str | None = None) -> Member:
    """A pool as a member."""
    return Member(name, (), site, weight, pool=name)


def model(*pools: Pool, checks: Sequence[Check] = (CHECK,)) -> Model:
    return Model(SITES, {check.id: check for check in checks}, {one.id: one for one in pools}, {})


class World:
    """A compiler, what is down, and the plan as it is."""

    now = 0.0
    overrides: tuple[Override, ...] = ()

    def __init__(self, *pools: Pool, checks: Sequence[Check] = (CHECK,)) -> None:
        self.model = model(*pools, checks=checks)
        self.compiler = Compiler(self.model, LOCATIONS, cut)
        self.verdicts: dict[Target, Verdict] = {}
        for one in pools:
            for each in one.members:
                self.set(each, State.UP)
        self.snapshot = self.compiler.compile(self.verdicts, 1)

    def set(self, member: Member, state: State, family: int = 0, check: Check | None = None) -> list[Target]:
        """Set the verdict of a member's addresses; returns the targets."""
        targets = [
            Target(name, self.model.checks[name].digest, str(a))
            for a in member.addresses
            for name in member.checks
            if family in (0, a.version) and check in (None, self.model.checks[name])
        ]
        self.verdicts |= {target: Verdict(state, self.now, last_up=self.now) for target in targets}
        return targets

    def soon(self, member: Member, state: State, seconds: float | None) -> None:
        """Say that a member could change its state in so many seconds."""
        self.verdicts |= {target: Verdict(state, self.now, seconds_to_change=seconds) for target in self.set(member, state)}
        self.go(self.now)

    def go(self, now: float, *overrides: Override) -> Snapshot:
        """Compile everything as it is at a moment."""
        self.now, self.overrides = now, overrides or self.overrides
        self.snapshot = self.compiler.compile(self.verdicts, self.snapshot.generation + 1, now=now, overrides=self.overrides)
        return self.snapshot

    @property
    def moment(self) -> Moment:
        return Moment(self.verdicts, self.now, self.overrides)

    def down(self, *members: Member, family: int = 0) -> Snapshot:
        """Take members down and update the plan."""
        return self.turn(State.DOWN, *members, family=family)

    def turn(self, state: State, *members: Member, family: int = 0) -> Snapshot:
        targets = [target for one in members for target in self.set(one, state, family)]
        generation = self.snapshot.generation + 1
        self.snapshot = self.compiler.update(self.snapshot, targets, self.verdicts, generation, now=self.now, overrides=self.overrides)
        return self.snapshot

    def row(self, name: str = "web", location: int = 0, kind: int = 1) -> Row:
        """The row that clients of a location get, found as the data plane finds it."""
        compiled = self.snapshot.pools[self.compiler.pool_ids[name]]
        region = 0 if compiled.partition < 0 else self.snapshot.partitions[compiled.partition].v4_region[location]
        row = compiled.rows[kind][region]
        assert row is not None
        return row

    def sites(self, name: str = "web", location: int = 0, kind: int = 1) -> list[str]:
        return [group.site for group in self.row(name, location, kind).groups]


@pytest.fixture(scope="session")
def kit() -> SimpleNamespace:
    """What tests build worlds from."""
    return SimpleNamespace(
        World=World, inside=inside, member=member, pool=pool, policy=policy, written=written, model=model, cut=cut, sites=SITES, locations=LOCATIONS
    )
