"""Rows, made in one pass over pools under one set of verdicts.

    chain keeps some                   those, the pool's pick                            reason ""
    all down, `all`                    the chain without health and limits, rotated      "all-down"
    all down, `primary`                the first member of the list that a fence allows  "primary"
    all down, `{backup: P}`            P's own row                                       "backup:P"
    the family has no member at all    no groups: NODATA                                 ""
    a fence leaves no member           SERVFAIL, which resolvers do not share            "fenced"

What was decided for (chain, candidates, keys) is remembered for the pass, and equal rows are one object. Nothing outlives the pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from gslb.compiler.chain import Candidates, Chain, Keys
from gslb.compiler.division import Division
from gslb.compiler.recipe import MAX_DEPTH, Recipe, backup
from gslb.compiler.recorder import Recorder
from gslb.compiler.standing import Standing, stand
from gslb.plan import Group, Pick, Row
from gslb.policy.candidate import FAIL_OPEN, Candidate
from gslb.verdict import Verdicts

SERVFAIL: Final = 2
WEIGHT_LIMIT: Final = 2**32 - 1  # plan.Row: a sum of weights stays below 2**32


class Place(NamedTuple):
    """For which clients: a region of a division. `depth`: how many pools have handed on to their backups, this one included."""

    division: Division
    region: int
    depth: int = 1


class _Stage(NamedTuple):
    """A pool's members of one family under this pass's verdicts, and what is already decided for members standing so."""

    standing: Standing
    started: list[Candidates]  # after the filters that are the same for every client
    decided: dict[Keys, Candidates]
    made: dict[Candidates, Row]


class Rows:
    """One pass. `row` is total: whatever is down or missing, there is a row."""

    def __init__(self, recipes: Mapping[str, Recipe], verdicts: Verdicts, recorder: Recorder | None = None) -> None:
        """Start a pass; what it remembers is good for these verdicts only. With a recorder nothing decided is used again unheard."""
        self._recorder = recorder
        self._recipes = recipes
        self._verdicts = verdicts
        self._stages: dict[tuple[int, int], _Stage] = {}
        self._decided: dict[tuple[Chain, Candidates], dict[Keys, Candidates]] = {}
        self._interned: dict[Row, Row] = {}

    def table(self, recipe: Recipe, kind: int, regions: Iterable[int]) -> Iterator[Row]:
        """Make the rows of a pool and type (A or AAAA) for these regions."""
        stage, keys = self._stage(recipe, kind), recipe.division.keys(recipe.chain)
        return (self._row(recipe, kind, stage, keys[region], Place(recipe.division, region)) for region in regions)

    def row(self, recipe: Recipe, kind: int, at: Place) -> Row:
        """Make one row, for the region of a division that may be another pool's: backups answer for its clients."""
        return self._row(recipe, kind, self._stage(recipe, kind), at.division.keys(recipe.chain)[at.region], at)

    def _row(self, recipe: Recipe, kind: int, stage: _Stage, keys: Keys, at: Place) -> Row:
        standing, started, decided, made = stage
        chosen = decided.get(keys)
        if chosen is None:
            chosen = decided[keys] = recipe.chain.choose(started, keys, self._recorder)
        row = made.get(chosen) if chosen else self._all_down(recipe, kind, standing, keys, at)
        if row is None:
            row = made[chosen] = self.intern(Row(recipe.pick, recipe.pool.answers, recipe.ttl, _groups(chosen, standing)))
        if self._recorder is not None:
            self._recorder.row(row)
        return row

    def intern(self, row: Row) -> Row:
        """Return the one object for equal rows."""
        return self._interned.setdefault(row, row)

    def _stage(self, recipe: Recipe, kind: int) -> _Stage:
        found = self._stages.get((recipe.number, kind))
        if found is None:
            standing = stand(recipe.entrants[kind], self._verdicts)
            if self._recorder is not None:
                self._recorder.pool(recipe.pool, kind, standing)
                return _Stage(standing, recipe.chain.start(standing.candidates, self._recorder), {}, {})
            decided = self._decided.setdefault((recipe.chain, standing.candidates), {})
            found = self._stages[recipe.number, kind] = _Stage(standing, recipe.chain.start(standing.candidates), decided, {})
        return found

    def _all_down(self, recipe: Recipe, kind: int, standing: Standing, keys: Keys, at: Place) -> Row:
        if not standing.candidates:
            return self.intern(Row(recipe.pick, recipe.pool.answers, recipe.ttl, ()))
        substitute = self._recipes.get(backup(recipe.pool))
        if substitute is not None and at.depth < MAX_DEPTH:
            row = self.row(substitute, kind, at._replace(depth=at.depth + 1))
            return self.intern(row._replace(reason=f"backup:{substitute.pool.id}{' ' if row.reason else ''}{row.reason}"))
        if recipe.pool.when_all_down.mode == "primary":
            allowed = (recipe.chain.fail_open((one,), keys, self._recorder) for one in standing.candidates)
            first = next((kept for kept in allowed if kept), ())
            row = Row(Pick.FIRST, 1, recipe.ttl, _groups(first, standing), "primary")
        else:
            loose = recipe.chain.fail_open(standing.candidates, keys, self._recorder)
            row = Row(Pick.ROTATE, FAIL_OPEN, recipe.ttl, _groups(loose, standing), "all-down")
        if not row.groups:  # NODATA would be shared by resolvers with clients outside the fence (RFC 7871 section 7.4)
            row = row._replace(reason="fenced", rcode=SERVFAIL)
        return self.intern(row)


def _groups(chosen: Candidates, standing: Standing) -> tuple[Group, ...]:
    return tuple(Group(weight, standing.rdata[c.index], None, c.site or "") for c, weight in zip(chosen, _weights(chosen), strict=True))


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
