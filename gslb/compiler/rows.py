"""Rows, made in one pass over pools at one moment.

    chain keeps some                   those, the pool's pick                                   reason ""
    the whole family is down           no groups: NODATA, where `when_family_down` says so      "family-down"
    all down, `all`                    the chain without health and limits, rotated             "all-down"
    all down, `primary`                the first member of the list that a fence allows         "primary"
    all down, `last_known_good`        as `all`, of the members that went down last, together   "last-known-good"
    all down, `{backup: P}`            P's own row                                              "backup:P"
    all down, `nodata`, `servfail`     no groups                                                "nodata", "servfail"
    the family has no member at all    no groups: NODATA                                        ""
    a fence leaves no member           SERVFAIL, which resolvers do not share                   "fenced"

Members that an operator took out are left out of all of this, unless nothing else is left. A pool inside a pool is a group that is a row
again; that it failed goes up: it is down to the pool around it. Nothing outlives the pass, but rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gslb.compiler.affinity import sticky
from gslb.compiler.chain import Candidates, Chain, Choice, Keys
from gslb.compiler.division import Division
from gslb.compiler.numbers import key64
from gslb.compiler.recipe import Recipe
from gslb.compiler.recorder import Recorder
from gslb.compiler.stage import Shared, Stage
from gslb.compiler.standing import AAAA, CNAME, TYPES, A, Inside, Standing, stand
from gslb.moment import Moment
from gslb.plan import Group, Pick, Row
from gslb.policy.candidate import FAIL_OPEN, Candidate
from gslb.targets import MAX_DEPTH, backup
from gslb.verdict import State

SERVFAIL: Final = 2
WEIGHT_LIMIT: Final = 2**32 - 1  # plan.Row: a sum of weights stays below 2**32


class Place(NamedTuple):
    """For which clients: a region of a division. `depth`: how many pools deep, backups and pools inside counted alike."""

    division: Division
    region: int
    depth: int = 1


class Rows:
    """One pass. `row` is total: whatever is down or missing, there is a row."""

    def __init__(self, recipes: Mapping[str, Recipe], moment: Moment, recorder: Recorder | None = None) -> None:
        """Start a pass; what it remembers is good for this moment only. What a recorder is to hear is decided once more for its ears."""
        self._recorder = recorder
        self._recipes = recipes
        self._moment = moment._replace(overrides=tuple(one for one in moment.overrides if one.holds(moment.now)))
        self._stages: dict[tuple[int, int, tuple[Inside | None, ...]], Stage] = {}
        self._shared: Shared = {}
        self._chains: dict[Chain, Chain] = {}
        self._interned: dict[Row, Row] = {}
        self._made: dict[tuple[int, int, int, str], Row] = {}

    def table(self, recipe: Recipe, kind: int, regions: Sequence[int]) -> list[Row]:
        """Make the rows of a pool and type for these regions; what is the same for many of them is made once."""
        at = Place(recipe.division, 0)
        if recipe.holds_pools or recipe.affinity or backup(recipe.pool):
            return [self.row(recipe, kind, at._replace(region=region)) for region in regions]
        stage = self.stage(recipe, kind, at)
        picture = stage.picture(recipe.division.classes(recipe.chain))
        made = [
            self._row(stage, choice, stage.soon(movers), at._replace(region=region))
            for choice, movers, region in zip(picture.choices, picture.movers, picture.made_in, strict=True)
        ]
        return [made[picture.of_region[region]] for region in regions]

    def row(self, recipe: Recipe, kind: int, at: Place) -> Row:
        """Make one row, for the region of a division that may be another pool's: backups, and pools inside, answer for its clients."""
        stage = self.stage(recipe, kind, at)
        keys = self.keys(recipe, at)
        choice = stage.decisions.of(keys)
        return self._row(stage, choice, stage.soon(stage.movers(keys, choice)), at)

    def intern(self, row: Row) -> Row:
        """Return the one object for equal rows."""
        return self._interned.setdefault(row, row)

    def keys(self, recipe: Recipe, at: Place) -> Keys:
        """Return what a pool's chain needs of those clients."""
        return at.division.keys(recipe.chain)[at.region]

    def stage(self, recipe: Recipe, kind: int, at: Place) -> Stage:
        """Return how a pool's members stand, and its decisions; with pools inside, for those clients."""
        entered = recipe.entrants.get(kind, ())
        inside = {e.index: self._inside(e.member.pool, kind, at) for e in entered if e.member.pool} if recipe.holds_pools else {}
        key = (recipe.number, kind, tuple(inside.values()))
        found = self._stages.get(key)
        if found is None:
            standing = stand(entered, self._moment, recipe.terms, {index: one for index, one in inside.items() if one is not None})
            found = self._stages[key] = Stage(recipe, kind, self._chain(recipe.chain), standing, self._shared)
            found.edge = self._edge(recipe, standing)
        return found

    def edge(self, recipe: Recipe) -> float | None:
        """Return when the clock next changes how a pool's own members stand or what its own chain keeps; None = never."""
        edges = [self.stage(recipe, kind, Place(recipe.division, 0)).edge for kind in recipe.entrants]
        return min((edge for edge in edges if edge is not None), default=None)

    def _inside(self, name: str, kind: int, at: Place) -> Inside | None:
        """Say what a pool inside would do for those clients; None where it can never give this type."""
        recipe = self._recipes.get(name)
        if recipe is None or at.depth >= MAX_DEPTH or not recipe.entrants.get(kind):
            return None
        below = at._replace(depth=at.depth + 1)
        stage = self.stage(recipe, kind, below)
        if not stage.standing.candidates and not stage.standing.reserve:
            return None
        keys = self.keys(recipe, below)
        choice = stage.decisions.of(keys)
        kept = choice.kept
        state = State.DOWN if not kept else State.UNKNOWN if all(c.state is State.UNKNOWN for c in kept) else State.UP
        of = kept or stage.standing.candidates
        places = dict.fromkeys(site for c in of for site in ((c.site,) if c.site is not None else c.sites))
        return Inside(state, tuple(places), stage.soon(stage.movers(keys, choice)), stage.edge)

    def _row(self, stage: Stage, choice: Choice, soon: float | None, at: Place) -> Row:
        recipe = stage.recipe
        edge = stage.edge
        left = None if edge is None else edge - self._moment.now
        ttl = min(recipe.lifetime.within(soon), recipe.lifetime.before(left))
        if self._recorder is None:
            return self._decided(stage, choice, ttl, at)
        self._recorder.pool(recipe.pool, stage.kind, stage.standing)
        stage.chain.choose(stage.chain.start(stage.standing.candidates, self._recorder), self.keys(recipe, at), self._recorder)
        self._recorder.ttl(recipe.lifetime, soon, left)
        row = self._decided(stage, choice, ttl, at)
        self._recorder.row(row)
        return row

    def _decided(self, stage: Stage, choice: Choice, ttl: int, at: Place) -> Row:
        recipe = stage.recipe
        if not choice.kept:
            return self._failed(stage, ttl, at)
        stuck = str(at.division.key(recipe.affinity, at.region)) if recipe.affinity else ""
        key = (id(stage), id(choice), ttl, stuck)
        row = None if recipe.holds_pools else self._made.get(key)
        if row is None:
            groups = self._groups(stage, stage.kept(choice), at)
            sticks = sticky(recipe.pool.id, recipe.pool.policy.stickiness, stuck) if recipe.pick is Pick.STICKY else None
            row = self._made[key] = self.intern(Row(recipe.pick, recipe.answers, _least(ttl, groups), groups, sticky=sticks))
        return row

    def _failed(self, stage: Stage, ttl: int, at: Place) -> Row:
        """Answer though the chain keeps nobody: the table above."""
        recipe, kind, standing = stage.recipe, stage.kind, stage.standing
        pool = recipe.pool
        if not standing.candidates and not standing.reserve:
            return self.intern(Row(Pick.FIRST, 1, ttl, ()))
        if self._only_this_family_down(stage, at):
            return self.intern(Row(Pick.FIRST, 1, ttl, (), "family-down"))
        substitute = self._recipes.get(backup(pool))
        if substitute is not None and at.depth < MAX_DEPTH:
            row = self.row(substitute, kind, at._replace(depth=at.depth + 1))
            lives = min(row.ttl, ttl) if ttl < recipe.lifetime.high else row.ttl
            return self.intern(row._replace(ttl=lives, reason=f"backup:{substitute.pool.id}{' ' if row.reason else ''}{row.reason}"))
        mode = pool.when_all_down.mode
        if mode in ("nodata", "servfail"):
            return self.intern(Row(Pick.FIRST, 1, ttl, (), mode, SERVFAIL if mode == "servfail" else 0))
        keys = self.keys(recipe, at)
        chosen, reason = self._opened(mode, stage, keys, recipe.slack)
        groups = self._groups(stage, chosen, at)
        if not groups:  # NODATA would be shared by resolvers with clients outside the fence (RFC 7871 section 7.4)
            return self.intern(Row(Pick.ROTATE, FAIL_OPEN, ttl, (), "fenced", SERVFAIL))
        if mode == "primary":
            return self.intern(Row(Pick.FIRST, 1, _least(ttl, groups), groups, reason))
        return self.intern(Row(Pick.ROTATE, 1 if kind == CNAME else FAIL_OPEN, _least(ttl, groups), groups, reason))

    def _opened(self, mode: str, stage: Stage, keys: Keys, slack: float) -> tuple[Candidates, str]:
        """Choose among members that are all down; those that an operator took out only where nothing else is left."""
        for some in (stage.standing.candidates, stage.standing.reserve):
            if mode == "primary":
                allowed = (stage.chain.fail_open((one,), keys, self._recorder) for one in some)
                kept = next((kept for kept in allowed if kept), ())
            else:
                good = _last_good(some, stage.standing, slack) if mode == "last_known_good" else ()
                if good and (kept := stage.chain.fail_open(good, keys, self._recorder)):
                    return kept, "last-known-good"
                kept = stage.chain.fail_open(some, keys, self._recorder)
            if kept:
                return kept, "primary" if mode == "primary" else "all-down"
        return (), ""

    def _only_this_family_down(self, stage: Stage, at: Place) -> bool:
        """Whether clients had better use the other family. The same for every client, as existence must be (RFC 7871 section 7.4)."""
        recipe, kind = stage.recipe, stage.kind
        if recipe.pool.family_down != "nodata" or kind not in TYPES or any(c.state is not State.DOWN for c in stage.standing.candidates):
            return False
        other = self.stage(recipe, A + AAAA - kind, at).standing
        return any(c.state is not State.DOWN for c in other.candidates)

    def _edge(self, recipe: Recipe, standing: Standing) -> float | None:
        now = self._moment.now
        edges = [edge for edge in standing.edges if edge > now]
        by_chain = recipe.chain.edge(standing.candidates, now) if recipe.chain.clocked else None
        return min((*edges, *(() if by_chain is None else (by_chain,))), default=None)

    def _groups(self, stage: Stage, chosen: Candidates, at: Place) -> tuple[Group, ...]:
        """Turn members into groups; where none has any rdata, there are none."""
        recipe, groups = stage.recipe, []
        for c, weight in zip(chosen, _weights(chosen), strict=True):
            key = key64(c.id) if recipe.pick is Pick.STICKY else 0
            name = recipe.pool.members[c.index].pool
            if not name:
                groups.append(Group(weight, stage.standing.rdata[c.index], None, c.site or "", key))
            elif (row := self.row(self._recipes[name], stage.kind, at._replace(depth=at.depth + 1))).groups:
                groups.append(Group(weight, (), row, c.site or "", key))
        return tuple(groups) if any(group.rdata or group.row for group in groups) else ()

    def _chain(self, chain: Chain) -> Chain:
        if not chain.clocked:
            return chain
        found = self._chains.get(chain)
        if found is None:
            found = self._chains[chain] = chain.at(self._moment.now)
        return found


def _last_good(candidates: Candidates, standing: Standing, slack: float) -> Candidates:
    """Return the members that were up last: those that went down together with the last one, as far as checks can tell."""
    ups = {c.index: standing.last_up[c.index] for c in candidates if c.index in standing.last_up}
    return tuple(c for c in candidates if c.index in ups and ups[c.index] >= max(ups.values()) - slack)


def _least(ttl: int, groups: Iterable[Group]) -> int:
    """Return the least TTL of a row and the rows inside it."""
    return min([ttl, *(group.row.ttl for group in groups if group.row)])


def _weights(chosen: tuple[Candidate, ...]) -> list[int]:
    """Weights whose sum is positive and in bounds: equal ones where none is positive, scaled down where they are huge."""
    weights = [max(0, c.weight) for c in chosen]
    total = sum(weights)
    if not total:
        return [1] * len(weights)
    if total <= WEIGHT_LIMIT:
        return weights
    room = WEIGHT_LIMIT - len(weights)
    return [max(1, weight * room // total) if weight else 0 for weight in weights]
