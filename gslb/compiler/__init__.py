"""The compiler: model, moment and locations in, a plan out. The one waist between what is asked for and what is served.

Called by the control process. Everything that can be decided before a query is decided here: policies run, rows are made, names are tabled.
Pure: verdicts, the time, overrides, locations and the cutter of partitions are arguments; it keeps nothing but what the model alone decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from gslb import targets
from gslb.compiler.division import Cut, Divisions
from gslb.compiler.nodes import difference
from gslb.compiler.recipe import Recipe, recipes
from gslb.compiler.recorder import Recorder
from gslb.compiler.rows import Place, Rows
from gslb.compiler.standing import CNAME, TYPES
from gslb.compiler.zones import compile_zone
from gslb.model import Location, Model
from gslb.moment import Moment
from gslb.override import Override
from gslb.plan import EMPTY, Pool, Row, Snapshot, Zone
from gslb.verdict import Target, Verdicts

EAGER_ROWS: Final = 250_000
"""Rows compiled before anybody asks, over all pools. A row that is not shared takes some 20 µs and 400 octets: 5 s and 100 MB at worst
(a full compile is done beside, on reload and start only). With 200 pools that is 625 regions each, and `nearest` over 50 sites makes
267. Smaller: clients of rare regions get a default row once; larger: reloads take longer for rows nobody asks for."""

EAGER_REGIONS: Final = 64  # of each pool at least, however many pools there are: continents and the larger countries

T = TypeVar("T")


class Compiler:
    """Compiles one model; a reload makes a new one. Objects that did not change stay the same objects."""

    def __init__(self, model: Model, locations: Sequence[Location], cut: Cut) -> None:
        """Work out all that no verdict changes. `locations[0]` is the unknown one; `cut` makes the partition of a classification."""
        self._model = model
        self._divisions = Divisions(locations, cut)
        self._recipes = recipes(model, self._divisions)
        self._by_number = {recipe.number: recipe for recipe in self._recipes.values()}
        self._pools_of = targets.index(model).pools
        self._leaning: dict[str, set[str]] = {}  # pool → itself and the pools whose rows may be made from its own
        for pool in model.pools.values():
            for name in targets.leans_on(model, pool):
                self._leaning.setdefault(name, set()).add(pool.id)
        self._eager = max(EAGER_REGIONS, EAGER_ROWS // max(1, len(TYPES) * len(model.pools)))
        self._zones: dict[bytes, Zone] | None = None

    @property
    def pool_ids(self) -> dict[str, int]:
        """The number of every pool: the same on every node and after every reload."""
        return {name: recipe.number for name, recipe in self._recipes.items()}

    def regions(self, partition: int) -> Sequence[int]:
        """Return the region of every location, as a partition of the plan has it. Raises KeyError."""
        return self._divisions.regions(partition)

    def compile(
        self, verdicts: Verdicts, generation: int, *, now: float = 0.0, overrides: Iterable[Override] = (), served: Snapshot = EMPTY
    ) -> Snapshot:
        """Compile everything. `now`: seconds in the store's clock; `served`: what another compiler made, whose zones stay where they are equal."""
        if self._zones is None:
            ids = self.pool_ids
            of_names = {name for name, recipe in self._recipes.items() if CNAME in recipe.entrants}
            made = {apex: compile_zone(zone, ids, of_names) for apex, zone in self._model.zones.items()}
            self._zones = {apex: _same_or_compared(served.zones.get(apex), zone) for apex, zone in made.items()}
        rows = Rows(self._recipes, Moment(verdicts, now, tuple(overrides)))
        pools = {recipe.number: self._pool(recipe, rows, None) for recipe in self._recipes.values()}
        return Snapshot(generation, self._zones, pools, self._divisions.partitions())

    def update(
        self,
        snapshot: Snapshot,
        changed: Iterable[Target],
        verdicts: Verdicts,
        generation: int,
        *,
        now: float = 0.0,
        overrides: Iterable[Override] = (),
        was: Moment | None = None,
    ) -> Snapshot:
        """Compile the pools that these targets can change, those that lean on them included; all else stays the same object.

        `was`: the moment of `snapshot`; with it, pools whose clock edge has come since, or of whom an override speaks that came or went, too.
        """
        moment = Moment(verdicts, now, tuple(overrides))
        touched = {name for target in changed for name in self._pools_of.get(target, ())}
        if was is not None:
            touched |= self.due(was, moment)
        rows = Rows(self._recipes, moment)
        pools = dict(snapshot.pools)
        for name in sorted(touched):
            recipe = self._recipes[name]
            pools[recipe.number] = self._pool(recipe, rows, snapshot.pools[recipe.number])
        return Snapshot(generation, snapshot.zones, pools, snapshot.partitions)

    def next_edge(self, moment: Moment) -> float | None:
        """Return when rows made at this moment must be made anew, though nothing else may have changed: a clock edge, or a TTL that nears one."""
        rows = Rows(self._recipes, moment)
        return min((due for recipe in self._clocked(moment) if (due := _due(recipe, rows, moment.now)) is not None), default=None)

    def due(self, was: Moment, moment: Moment) -> set[str]:
        """Return the pools whose rows may differ between two moments for another reason than a verdict."""
        rows = Rows(self._recipes, was)
        own = {recipe.pool.id for recipe in self._clocked(was) if (due := _due(recipe, rows, was.now)) is not None and due <= moment.now}
        differing = set(was.overrides) ^ set(moment.overrides)
        if differing:
            own |= {recipe.pool.id for recipe in self._recipes.values() if _spoken_of(recipe, differing)}
        return {name for pool in own for name in self._leaning[pool]}

    def row(self, pool: int, region: int, kind: int, verdicts: Verdicts, *, now: float = 0.0, overrides: Iterable[Override] = ()) -> Row:
        """Compile one wanted row (NeedRow). Raises LookupError for what is not in the plan."""
        recipe = self._by_number[pool]
        return Rows(self._recipes, Moment(verdicts, now, tuple(overrides))).row(recipe, kind, Place(recipe.division, region))

    def rows(self, pool: int, regions: Sequence[int], kind: int, moment: Moment) -> list[Row]:
        """Compile rows of many regions in one pass. Raises LookupError for what is not in the plan."""
        return Rows(self._recipes, moment).table(self._by_number[pool], kind, regions)

    def explained(self, pool: int, region: int, kind: int, moment: Moment, recorder: Recorder) -> Row:
        """Compile one row as `row` does, heard by a recorder. Raises LookupError for what is not in the plan."""
        recipe = self._by_number[pool]
        return Rows(self._recipes, moment, recorder).row(recipe, kind, Place(recipe.division, region))

    def fill(
        self,
        snapshot: Snapshot,
        wanted: Iterable[tuple[int, int, int]],
        verdicts: Verdicts,
        generation: int,
        *,
        now: float = 0.0,
        overrides: Iterable[Override] = (),
    ) -> Snapshot:
        """Put wanted rows (pool, region, type) into the plan; from then on updates keep them. Others' mistakes are left out."""
        rows = Rows(self._recipes, Moment(verdicts, now, tuple(overrides)))
        pools = dict(snapshot.pools)
        for number, region, kind in wanted:
            pool = pools.get(number)
            if pool is None or kind not in pool.rows or not 0 <= region < len(pool.rows[kind]) or pool.rows[kind][region] is not None:
                continue
            recipe = self._by_number[number]
            table = list(pool.rows[kind])
            table[region] = rows.row(recipe, kind, Place(recipe.division, region))
            pools[number] = pool._replace(rows={**pool.rows, kind: tuple(table)})
        return Snapshot(generation, snapshot.zones, pools, snapshot.partitions)

    def _clocked(self, moment: Moment) -> list[Recipe]:
        """Return the pools that the clock could change at all."""
        expiring = [one for one in moment.overrides if one.expires is not None]
        return [
            recipe
            for recipe in self._recipes.values()
            if recipe.chain.clocked or recipe.pool.failback_delay or (expiring and _spoken_of(recipe, expiring))
        ]

    def _pool(self, recipe: Recipe, rows: Rows, old: Pool | None) -> Pool:
        """Compile a pool's rows up to the budget, and beyond it those that the old plan had; what is equal stays the old object."""
        table: dict[int, tuple[Row | None, ...]] = {}
        default: dict[int, Row] = {}
        for kind in recipe.entrants:
            before = old.rows[kind] if old else (None,) * len(recipe.division)
            wanted: Sequence[int] = range(len(before))
            if len(before) > self._eager:
                wanted = [region for region, had in enumerate(before) if region < self._eager or had is not None]
            known = {row: row for row in {id(row): row for row in before if row is not None}.values()}
            made = rows.table(recipe, kind, wanted)
            same = {key: known.get(row, row) for key, row in {id(row): row for row in made}.items()}
            now = list(before)
            for region, row in zip(wanted, made, strict=True):
                now[region] = same[id(row)]
            table[kind] = tuple(now)
            first = rows.row(recipe, kind, Place(recipe.division, 0))
            default[kind] = _kept(old.default[kind] if old else None, rows.intern(first._replace(ttl=min(first.ttl, recipe.pool.ttl_min))))
        return _kept(old, Pool(recipe.pool.id, recipe.division.number, table, default, recipe.couple))


def _same_or_compared(old: Zone | None, new: Zone) -> Zone:
    """Return the old zone where nothing has changed; else the new one, which remembers what differs: `delta` asks on the loop, we are beside it."""
    if old is None:
        return new
    difference(old.nodes, new.nodes)
    return _kept(old, new)


def _due(recipe: Recipe, rows: Rows, now: float) -> float | None:
    edge = rows.edge(recipe)
    return None if edge is None else recipe.lifetime.lowered(edge, now)


def _spoken_of(recipe: Recipe, overrides: Iterable[Override]) -> bool:
    """Whether one of these overrides speaks of a member of the pool."""
    return any(one.speaks_of(recipe.pool.id, member.id, member.site) for one in overrides for member in recipe.pool.members)


def _kept(old: T | None, new: T) -> T:
    """Return the old object where the new one is equal to it."""
    return old if old is not None and old == new else new
