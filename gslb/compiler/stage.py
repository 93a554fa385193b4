"""A pool's members of one type as they stand in a pass, and what its chain decides for each class of clients.

Called by `rows`. Decisions are shared: two pools whose chains are equal and whose members stand alike decide alike, so it is worked out once. Where
the rest of a chain is blind to weights (it orders and drops, nothing else), members that differ only by weight count as standing alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from gslb.compiler.chain import Candidates, Chain, Choice, Keys
from gslb.compiler.standing import Standing
from gslb.policy.candidate import Candidate
from gslb.verdict import State


class Decisions:
    """What a chain keeps of candidates that stand so, by the clients' keys."""

    def __init__(self, chain: Chain, started: Sequence[Candidates]) -> None:
        self._chain = chain
        self._started = started
        self._of: dict[Keys, Choice] = {}
        self._interned: dict[Choice, Choice] = {}
        self._over: dict[int, list[Choice]] = {}

    def of(self, keys: Keys) -> Choice:
        """Decide for clients with these keys; equal decisions are one object."""
        found = self._of.get(keys)
        if found is None:
            choice = self._chain.choose(self._started, keys)
            found = self._of[keys] = self._interned.setdefault(choice, choice)
        return found

    def over(self, classes: list[Keys]) -> list[Choice]:
        """Decide for every class of a division (which keeps the list, so that it stands for itself)."""
        found = self._over.get(id(classes))
        if found is None:
            found = self._over[id(classes)] = [self.of(keys) for keys in classes]
        return found


class Stage:
    """One pool and type in one pass."""

    def __init__(self, chain: Chain, standing: Standing, shared: dict[tuple[Chain, tuple[Candidates, ...]], Decisions]) -> None:
        """`chain` is that of the moment; `shared`: the decisions of the pass."""
        self.chain = chain
        self.standing = standing
        self.started = chain.start(standing.candidates)
        alike = tuple(map(_alike, self.started)) if chain.blind else tuple(self.started)
        self.decisions = shared.setdefault((chain, alike), Decisions(chain, alike))
        self._resolved: dict[int, Candidates] = {}
        self._turned: dict[int, Decisions] = {}

    def kept(self, choice: Choice) -> Candidates:
        """Return the pool's own candidates of a decision."""
        if not choice.kept or not self.chain.blind:
            return choice.kept
        found = self._resolved.get(id(choice))
        if found is None:
            mine = {c.index: c for c in self.started[choice.start]}
            found = self._resolved[id(choice)] = tuple(mine[c.index] for c in choice.kept)
        return found

    def soon(self, keys: Keys, choice: Choice) -> float | None:
        """Return the seconds in which the decision could change: the least over members chosen, and over others that would change it by turning."""
        if not self.standing.soon:
            return None
        chosen = [c.index for c in choice.kept]
        return min((seconds for index, seconds in self.standing.soon.items() if index in chosen or self._matters(index, keys, chosen)), default=None)

    def _matters(self, index: int, keys: Keys, chosen: list[int]) -> bool:
        """Whether somebody else would be chosen if this member's state turned."""
        turned = self._turned.get(index)
        if turned is None:
            candidates = tuple(_turned(c) if c.index == index else c for c in self.standing.candidates)
            turned = self._turned[index] = Decisions(self.chain, self.chain.start(candidates))
        return [c.index for c in turned.of(keys).kept] != chosen


def _alike(candidates: Candidates) -> Candidates:
    return tuple(Candidate(c.id, c.index, c.site, 1, c.priority, c.state, 100, c.sites) for c in candidates)


def _turned(c: Candidate) -> Candidate:
    state = State.UP if c.state is State.DOWN else State.DOWN
    return Candidate(c.id, c.index, c.site, c.weight, c.priority, state, c.grade, c.sites, c.since)
