"""A gslb without processes: the operator's files, geo data, probers' counters, the judge and the compiler, on a clock that is told to move.

Driven by `story`. Everything between a check's result and the snapshot is the real code; only time, and what checks see, is the scenario's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gslb import config, targets
from gslb.check.observation import Observation, Result
from gslb.check.once import weigh
from gslb.check.opinion import Opinion
from gslb.compiler import Compiler
from gslb.config import Role, Source
from gslb.errors import Problem, Problems
from gslb.explain.subject import LIVE, Subject
from gslb.geo import atlas
from gslb.geo.mmdb import Database
from gslb.judge import carry, judge_all
from gslb.lease import LASTS, Voter, Voters
from gslb.model import EMPTY_MODEL, Address, Member, Model, Pool
from gslb.moment import Moment
from gslb.override import Word
from gslb.plan import EMPTY, Snapshot
from gslb.store.state import Overrides
from gslb.verdict import Target, Verdict, Vote

NETWORKS: Final = "networks.yaml"
EPOCH: Final = 1_767_571_200.0  # Monday 2026-01-05 00:00 UTC: what 0 s means where the scenario sets no `clock`


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a prober is, and whether it can be believed. `stopped`: when it was heard of last, None = now."""

    place: str
    stopped: float | None = None
    suspect: bool = False

    def voter(self, now: float) -> Voter:
        """Be seen by the judge."""
        age = 0.0 if self.stopped is None else now - self.stopped
        return Voter(self.place, age, age <= LASTS, self.suspect)


class World:
    """What the operator wrote and what is known of the sites, at one moment."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.databases: Sequence[Database] = ()
        self.problems: tuple[Problem, ...] = ()
        self.model: Model = EMPTY_MODEL
        self.epoch = EPOCH
        self.seconds = 0.0
        self.snapshot: Snapshot = EMPTY
        self.verdicts: dict[Target, Verdict] = {}
        self.said = Overrides()
        self._index = targets.Index({}, {}, {})
        self._atlas: atlas.Atlas | None = None
        self._compiler: Compiler | None = None
        self._moment = Moment()  # of the snapshot
        self._opinions: dict[str, dict[Target, Opinion]] = {}
        self._standing: dict[str, Standing] = {}  # of probers of which the story says something; nothing: all are heard

    @property
    def now(self) -> float:
        """The store's clock, in seconds."""
        return self.epoch + self.seconds

    @property
    def subject(self) -> Subject:
        """What `gslb explain --live` would explain."""
        assert self._compiler is not None
        assert self._atlas is not None
        return Subject("scenario", self.model, self._compiler, self._atlas, self.snapshot, self._moment, LIVE)

    @property
    def loaded(self) -> bool:
        """Whether files have been accepted."""
        return self._compiler is not None

    def load(self) -> bool:
        """Read the files anew, whole or not at all; False where they were refused, and all is as before."""
        sources = [Source(Path(name), text, Role.NETWORKS if name == NETWORKS else Role.ZONES) for name, text in self.files.items()]
        loaded = config.build(sources, Problems(), lambda _: self._include)
        self.problems = loaded.problems
        if loaded.fatal:
            return False
        self.model = loaded.model
        self._atlas = atlas.build(self.databases, self.model.networks, self.model.sites)
        self._index = targets.index(self.model)
        self._compiler = Compiler(self.model, self._atlas.locations, self._atlas.cut)
        self._opinions = {prober: self._inherited(prober, opinions) for prober, opinions in self._opinions.items()}
        self.verdicts = carry(self.verdicts, self._index.pools)
        self._compile_all()
        self.judge()
        return True

    def pass_until(self, seconds: float) -> None:
        """Let time pass, stopping wherever the clock alone changes something."""
        end = self.epoch + seconds
        while self._compiler and (edge := self._compiler.next_edge(self._moment)) is not None and edge <= end:
            self.seconds = edge - self.epoch
            self._compile(())
        self.seconds = seconds
        self.judge()

    def observe(self, subjects: Iterable[Target], seen: Observation, prober: str, *, first: bool = False) -> None:
        """Let a prober come to see this of the targets now. `first`: it has just started and knows nothing of before."""
        opinions = self._opinions.setdefault(prober, {})
        for target in subjects:
            opinion = opinions.get(target)
            if opinion is None or first:
                opinion = Opinion.new(target, self._index.probes[target], prober)
            opinions[target] = opinion.after(seen, self.now)

    def look(self, subjects: Iterable[Target], seen: Observation, prober: str) -> None:
        """Let the checks themselves see this: what every check has (`invert`, `degraded_above`) is applied."""
        for target in subjects:
            self.observe([target], weigh(self._index.probes[target], seen), prober)

    def forget(self, subjects: Iterable[Target]) -> None:
        """Make it as if these targets had never been heard of."""
        for target in subjects:
            for opinions in self._opinions.values():
                opinions.pop(target, None)
            gone = [key for key in self._index.quorums[target] if self.verdicts.pop(key, None)]
            if gone:
                self._compile(gone)

    def stands(self, prober: str, **how: object) -> None:
        """Let a prober be in a place, stop, go on, or doubt its own eyes: fields of `Standing`."""
        before = self._standing.get(prober, Standing(prober))
        self._standing[prober] = replace(before, **how)  # type: ignore[arg-type]  # whoever calls knows the fields
        self.judge()

    def say(self, words: Iterable[Word]) -> None:
        """Let operators say this."""
        self.said = self.said.with_words(words, self.now)
        self.judge()

    def judge(self) -> None:
        """Judge all targets, unless verdicts are held, and compile what changed."""
        self._compile(() if self.said.hold(self.now) else self._judge())

    def restart(self) -> None:
        """Be a node that starts now: it has the files, the words of operators, and the votes of probers; held verdicts are kept on disk."""
        if not self.said.hold(self.now):
            self.verdicts = {}
            self._judge()
        self._compile_all()

    def interval(self, target: Target) -> float:
        """Seconds between two checks of the target."""
        return self._index.probes[target].interval

    def find(self, subject: str) -> list[Target]:
        """Return what is probed of `all`, a site, an address, `POOL/MEMBER`, or `CHECK@SITE` and `CHECK@ADDRESS`; nothing: nobody probes that."""
        return list(dict.fromkeys(target.probed for target in self.judged(subject)))

    def judged(self, subject: str) -> list[Target]:
        """Return whose verdicts are meant: what is probed once has one for each quorum over it."""
        check, at, what = subject.rpartition("@")
        found: dict[Target, None] = {}
        for pool in self.model.pools.values():
            for member in pool.members:
                for address in (*member.addresses, *member.check_at):
                    if _means(what, pool, member, address):
                        found |= dict.fromkeys(one for one in targets.of_address(self.model, member, address) if not at or one.check == check)
        return list(found)

    def _judge(self) -> list[Target]:
        """Judge from the votes; return the targets whose rows may differ now."""
        votes: dict[Target, dict[str, Vote]] = {}
        for prober, opinions in self._opinions.items():
            for target, opinion in opinions.items():
                if opinion.vote:
                    votes.setdefault(target, {})[prober] = opinion.vote
        self.verdicts, changed = judge_all(votes, self.verdicts, self.now, voters=self._voters(), quorums=self._index.quorums)
        return [target for target in changed if target in self._index.pools]

    def _voters(self) -> Voters | None:
        """How the judge sees the probers; nobody renews a lease between two moments of a story, so those that run are heard now."""
        if not self._standing:
            return None
        return {prober: self._standing.get(prober, Standing(prober)).voter(self.now) for prober in self._opinions}

    def _compile(self, changed: Iterable[Target]) -> None:
        """Compile what these targets, the clock and operators can change, and hold it to be the same as compiling everything."""
        assert self._compiler is not None
        old, was, now, said = self.snapshot, self._moment, self.now, self.said.standing(self.now)
        self._moment = Moment(dict(self.verdicts), now, said)
        self.snapshot = self._compiler.update(old, changed, self.verdicts, old.generation + 1, now=now, overrides=said, was=was)
        whole = self._compiler.compile(self.verdicts, self.snapshot.generation, now=now, overrides=said)
        assert whole == self.snapshot, "an update differs from a full compile"

    def _compile_all(self) -> None:
        assert self._compiler is not None
        self._moment = Moment(dict(self.verdicts), self.now, self.said.standing(self.now))
        self.snapshot = self._compiler.compile(self.verdicts, self.snapshot.generation + 1, now=self.now, overrides=self._moment.overrides)

    def _inherited(self, prober: str, opinions: dict[Target, Opinion]) -> dict[Target, Opinion]:
        """Do as a prober does that is given new targets: kept ones run on, an edited check begins with the state it had."""
        heirs = {(target.check, target.address): opinion.vote for target, opinion in opinions.items()}
        kept = {}
        for target, check in self._index.probes.items():
            opinion = opinions.get(target) or Opinion.new(target, check, prober, heirs.get((target.check, target.address)))
            kept[target] = opinion
        return kept

    def _include(self, path: str) -> str:
        name = Path(path).name
        if name not in self.files:
            raise FileNotFoundError(path)
        return self.files[name]


def passed(grade: int = 100, seconds: float = 0.01) -> Observation:
    """Make the observation of a check that passed."""
    return Observation(Result.OK, seconds, "scenario: passed", grade)


def failed() -> Observation:
    """Make the observation of a check that failed."""
    return Observation(Result.FAIL, 0.01, "scenario: failed")


def blind() -> Observation:
    """Make the observation of a prober that cannot look."""
    return Observation(Result.UNKNOWN, 0.01, "own fault: scenario")


def _means(what: str, pool: Pool, member: Member, address: Address) -> bool:
    return what in ("all", member.site, str(address), f"{pool.id}/{member.id}", f"{pool.id}/*")
