"""A pool's members of one type as they stand in a pass, and what its chain decides for each class of clients.

Called by `rows`. Decisions are shared: two pools whose chains are equal and whose members stand alike decide alike, so it is worked out once. Where
the rest of a chain is blind to weights (it orders and drops, nothing else), members that differ only by weight count as standing alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from gslb.compiler.chain import Candidates, Chain, Choice, Keys
from gslb.compiler.division import Classes
from gslb.compiler.recipe import Recipe
from gslb.compiler.standing import Standing
from gslb.policy.candidate import Candidate
from gslb.verdict import State


class Picture(NamedTuple):
    """What is decided for a whole division: different decisions, who could change each by turning, a region in which each is made, and for every
    region the place of its decision. Decisions that keep nobody are told apart by class: what is answered then hangs on the class.
    """

    choices: list[Choice]
    movers: list[tuple[int, ...]]
    made_in: list[int]
    of_region: list[int]


class Decisions:
    """What a chain keeps of candidates that stand so, by the clients' keys. `pictures`: of whole divisions, kept by `Stage`."""

    def __init__(self, chain: Chain, started: Sequence[Candidates]) -> None:
        self.pictures: dict[tuple[int, ...], Picture] = {}
        self._chain = chain
        self._started = started
        self._of: dict[Keys, Choice] = {}
        self._interned: dict[Choice, Choice] = {}

    def of(self, keys: Keys) -> Choice:
        """Decide for clients with these keys; equal decisions are one object."""
        found = self._of.get(keys)
        if found is None:
            choice = self._chain.choose(self._started, keys)
            found = self._of[keys] = self._interned.setdefault(choice, choice)
        return found


Shared = dict[tuple[Chain, tuple[Candidates, ...]], Decisions]


class Stage:
    """One pool and type in one pass."""

    def __init__(self, recipe: Recipe, kind: int, chain: Chain, standing: Standing, shared: Shared) -> None:
        """`chain` is that of the moment; `shared`: the decisions of the pass. `edge` is for the caller to set."""
        self.recipe = recipe
        self.kind = kind
        self.chain = chain
        self.standing = standing
        self.edge: float | None = None  # when the clock next changes how members stand or what the chain keeps
        self._shared = shared
        self._started, self.decisions = self._decisions(standing.candidates)
        self._mine = [{c.index: c for c in some} for some in self._started]
        self._kept: dict[int, Candidates] = {}
        self._turned = {index: self._decisions(_turned(standing.candidates, index))[1] for index in standing.soon}

    def kept(self, choice: Choice) -> Candidates:
        """Return the pool's own candidates of a decision."""
        if not choice.kept or not self.chain.blind:
            return choice.kept
        found = self._kept.get(id(choice))
        if found is None:
            mine = self._mine[choice.start]
            found = self._kept[id(choice)] = tuple([mine[c.index] for c in choice.kept])
        return found

    def movers(self, keys: Keys, choice: Choice) -> tuple[int, ...]:
        """Return which of the members on the way would change the decision: those chosen, and those that would change it by turning."""
        if not self._turned:
            return ()
        chosen = [c.index for c in choice.kept]
        return tuple(i for i, turned in self._turned.items() if i in chosen or [c.index for c in turned.of(keys).kept] != chosen)

    def soon(self, movers: tuple[int, ...]) -> float | None:
        """Return the seconds in which the first of them could change."""
        return min((self.standing.soon[index] for index in movers), default=None)

    def picture(self, classes: Classes) -> Picture:
        """Decide for all regions of a division (which keeps its classes, so that they stand for themselves); shared like decisions."""
        key = (id(classes), *(number for index, turned in self._turned.items() for number in (index, id(turned))))
        found = self.decisions.pictures.get(key)
        if found is None:
            choices = [self.decisions.of(keys) for keys in classes.keys]
            movers = [self.movers(keys, choice) for keys, choice in zip(classes.keys, choices, strict=True)]
            found = self.decisions.pictures[key] = _picture(choices, movers, classes.of_region)
        return found

    def _decisions(self, candidates: Candidates) -> tuple[list[Candidates], Decisions]:
        started = self.chain.start(candidates)
        alike = tuple(map(_alike, started)) if self.chain.blind else tuple(started)
        found = self._shared.get((self.chain, alike))
        if found is None:
            found = self._shared[self.chain, alike] = Decisions(self.chain, alike)
        return started, found


def _picture(choices: list[Choice], movers: list[tuple[int, ...]], of_region: list[int]) -> Picture:
    places: dict[tuple[int, tuple[int, ...], int], int] = {}
    picture = Picture([], [], [], [])
    for region, one in enumerate(of_region):
        choice = choices[one]
        place = places.setdefault((id(choice), movers[one], -1 if choice.kept else one), len(places))
        if place == len(picture.choices):
            picture.choices.append(choice)
            picture.movers.append(movers[one])
            picture.made_in.append(region)
        picture.of_region.append(place)
    return picture


def _alike(candidates: Candidates) -> Candidates:
    return tuple(Candidate(c.id, c.index, c.site, 1, c.priority, c.state, 100, c.sites) for c in candidates)


def _turned(candidates: Candidates, index: int) -> Candidates:
    """Return the candidates with one's state turned."""
    return tuple(replace(c, state=State.UP if c.state is State.DOWN else State.DOWN) if c.index == index else c for c in candidates)
