"""A policy's chain, built: what it keeps of the candidates for one class of clients.

Runs at compile time only. Equal chains are one object (`Compiler` interns them), so that pools share what was decided. Holds no
health and no state.

Weight 0 means "only when no positive weight is left" for every pick: so a chain is tried without those members first.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gslb.compiler.recorder import Recorder
from gslb.errors import PlanError
from gslb.model import Location, Policy, Site
from gslb.policy import filter_named
from gslb.policy.candidate import Candidate, Clocked, Filter, Outcome

Candidates = tuple[Candidate, ...]
Keys = tuple[Hashable, ...]


class Choice(NamedTuple):
    """What a chain kept, of which of the lists it started with; nothing = it failed."""

    start: int = 0
    kept: Candidates = ()


_NOTHING = Choice()


def build(policy: Policy, sites: Mapping[str, Site]) -> tuple[Filter, ...]:
    """Build the filters of a policy that was accepted at load; `sites`: those of the pool's members."""
    filters: list[Filter] = []
    for spec in policy.filters:
        found = filter_named(spec.name)
        if found is None:
            raise PlanError(f"no filter is called {spec.name!r}")
        filters.append(found.build(spec.options, sites))
    return tuple(filters)


class Chain:
    """Filters in order, and those that stand in their places when all members are down. `clocked`: whether any looks at the clock."""

    def __init__(self, filters: tuple[Filter, ...], same_for_all: int = 0) -> None:
        """Keep the filters. `same_for_all`: how many of the first ones do not look at the client."""
        self.filters = filters
        self.clocked = any(isinstance(chosen, Clocked) for chosen in filters)
        self.blind = all(getattr(chosen, "blind", False) for chosen in filters[same_for_all:])  # to weights, behind what is the same for all
        self._same_for_all = same_for_all
        self._head = [(chosen, None) for chosen in filters[:same_for_all]]
        self._tail = filters[same_for_all:]
        self._loose = [chosen.when_all_down() for chosen in filters]

    def at(self, now: float) -> Chain:
        """Return the chain of a moment; it takes this chain's keys."""
        if not self.clocked:
            return self
        return Chain(tuple(chosen.at(now) if isinstance(chosen, Clocked) else chosen for chosen in self.filters), self._same_for_all)

    def edge(self, candidates: Candidates, now: float) -> float | None:
        """Return a moment up to which time alone changes nothing for these candidates; None = never."""
        edges = [chosen.edge(candidates, now) for chosen in self.filters if isinstance(chosen, Clocked)] if self.clocked else []
        return min((edge for edge in edges if edge is not None), default=None)

    def keys(self, location: Location) -> Keys:
        """Return what each filter needs of a client there."""
        return tuple(chosen.client_key(location) for chosen in self.filters)

    def start(self, candidates: Candidates, recorder: Recorder | None = None) -> list[Candidates]:
        """Run the filters that are the same for every client, once for all regions; what is left goes to `choose`."""
        outcomes = [_run(self._head, some, recorder) for some in _by_weight(candidates)]
        return [outcome.candidates for outcome in outcomes if outcome.candidates and not outcome.failed]

    def choose(self, started: Sequence[Candidates], keys: Keys, recorder: Recorder | None = None) -> Choice:
        """Return what the whole chain keeps; nothing = it failed, and the all-down rule applies."""
        tail = [*zip(self._tail, keys[len(self._head) :], strict=True)]
        for at, some in enumerate(started):
            outcome = _run(tail, some, recorder)
            if outcome.candidates and not outcome.failed:
                return Choice(at, outcome.candidates)
        return _NOTHING

    def fail_open(self, candidates: Candidates, keys: Keys, recorder: Recorder | None = None) -> Candidates:
        """Return whom to serve though all are down: the chain without health and limits. Nothing only where a fence leaves nothing."""
        links = [(chosen, key) for chosen, key in zip(self._loose, keys, strict=True) if chosen is not None]
        outcomes = [_run(links, some, recorder, loose=True) for some in _by_weight(candidates)]
        outcomes.sort(key=lambda outcome: outcome.failed)
        return next((outcome.candidates for outcome in outcomes if outcome.candidates), ())


def _by_weight(candidates: Candidates) -> Iterator[Candidates]:
    positive = tuple(c for c in candidates if c.weight > 0)
    if positive:
        yield positive
    if len(positive) < len(candidates):
        yield candidates


def _run(links: Sequence[tuple[Filter, Hashable]], candidates: Candidates, recorder: Recorder | None, *, loose: bool = False) -> Outcome:
    """Pass candidates down the chain; the whole has failed where a link has."""
    failed = False
    if recorder is not None:
        recorder.run(candidates, loose=loose)
    for chosen, key in links:
        outcome = chosen.apply(candidates, key)
        if recorder is not None:
            recorder.link(chosen, key, candidates, outcome)
        candidates = outcome.candidates
        failed = failed or outcome.failed
    return Outcome(candidates, failed)
