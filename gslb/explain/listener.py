"""Listens to a pass of the compiler, and keeps what it heard as a tree: pools, runs down their chains, links.

Handed to `Compiler.row` by `explanation`. It keeps, and judges nothing; `story` turns what was heard into plain data.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from gslb.compiler.lifetime import Lifetime
from gslb.compiler.standing import Standing
from gslb.model import Pool
from gslb.plan import Row
from gslb.policy.candidate import Candidate, Filter, Outcome

Candidates = tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """One filter at work."""

    chosen: Filter
    key: Hashable
    given: Candidates
    outcome: Outcome


@dataclass(slots=True)
class Run:
    """One way down a chain. `loose`: without health and limits, because all are down. `whole`: it went on behind what is the same for all clients."""

    given: Candidates
    loose: bool
    whole: bool
    links: list[Link] = field(default_factory=list)

    @property
    def left(self) -> Candidates:
        """What is left of the candidates."""
        return self.links[-1].outcome.candidates if self.links else self.given

    @property
    def failed(self) -> bool:
        """Whether any link failed, or nothing is left."""
        return not self.left or any(link.outcome.failed for link in self.links)


@dataclass(slots=True)
class Heard:
    """What was heard of one pool; `inside`: pools that were asked on its behalf, in order.

    `ttl` is what the row's own TTL was made of: the pool's bounds, in how many seconds a state and in how many the clock could change the answer.
    """

    pool: Pool
    kind: int
    standing: Standing
    runs: list[Run] = field(default_factory=list)
    inside: list[Heard] = field(default_factory=list)
    ttl: tuple[Lifetime, float | None, float | None] | None = None
    row: Row | None = None

    @property
    def decisive(self) -> Run | None:
        """The run that made the row: one that did not fail before one that did, the chain itself before the loose one."""
        best = [run for run in self.runs if run.whole and not run.failed and not run.loose] or [run for run in self.runs if run.loose and run.left]
        return min(best, key=lambda run: run.failed, default=None)

    @property
    def told(self) -> list[Run]:
        """The runs worth telling: where the chain failed, how it failed, then what was done instead."""
        decisive = self.decisive
        if decisive is not None and not decisive.loose:
            return [decisive]
        plain = [run for run in self.runs if not run.loose]
        failed = [run for run in plain if run.whole][-1:] or plain[-1:]
        return failed if decisive is None else [*failed, decisive]

    @property
    def backup(self) -> Heard | None:
        """The pool that answers instead; None where this one answers itself."""
        return self.inside[-1] if self.inside and self.row is not None and self.row.reason.startswith("backup:") else None


class Listener:
    """A `gslb.compiler.recorder.Recorder`. `root` is the pool that was asked."""

    def __init__(self) -> None:
        self.root: Heard | None = None
        self._open: list[Heard] = []
        self._run: Run | None = None

    def pool(self, pool: Pool, kind: int, standing: Standing) -> None:
        """Begin with a pool, inside the one that is not finished yet."""
        heard = Heard(pool, kind, standing)
        if self._open:
            self._open[-1].inside.append(heard)
        elif self.root is None:
            self.root = heard
        self._open.append(heard)

    def run(self, candidates: Candidates, *, loose: bool) -> None:
        """Begin a run, or go on with the one that left these very candidates."""
        runs = self._open[-1].runs
        self._run = None if loose else next((run for run in runs if not run.whole and run.left is candidates), None)
        if self._run is not None:
            self._run.whole = True
        else:
            self._run = Run(candidates, loose, whole=loose)
            runs.append(self._run)

    def link(self, chosen: Filter, key: Hashable, given: Candidates, outcome: Outcome) -> None:
        """Add a link to the present run."""
        assert self._run is not None
        self._run.links.append(Link(chosen, key, given, outcome))

    def ttl(self, lifetime: Lifetime, soon: float | None, left: float | None) -> None:
        """Keep what bounds the TTL."""
        self._open[-1].ttl = (lifetime, soon, left)

    def row(self, row: Row) -> None:
        """Finish the pool that began last."""
        self._open.pop().row = row
