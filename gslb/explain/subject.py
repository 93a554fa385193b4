"""What an explanation is about: a model, compiled, and the moment it is compiled for.

Control makes one of what it serves now; `read` makes one from files and from the last votes and overrides on disk, for when no node runs, or a
change is only planned. Blocking; reads files, writes none but the unpacked geo database.
"""

from __future__ import annotations

from typing import NamedTuple

from gslb import config, geo, judge, targets
from gslb.compiler import Compiler
from gslb.config import report
from gslb.config.settings import Settings
from gslb.errors import GeoError, UsageError
from gslb.geo import Atlas
from gslb.lease import Voter
from gslb.model import Model
from gslb.moment import Moment
from gslb.plan import Snapshot
from gslb.store import Overrides, last_overrides, last_votes
from gslb.verdict import Target, Vote

LIVE = "node"  # states are the node's own, now
VOTES = "votes"  # states are from the last votes on this machine's disk
NOTHING = "nothing"  # nobody has looked: every state is unknown


class Subject(NamedTuple):
    """`states`: where states come from (`node`, `votes`, `nothing`); `served`: whether `snapshot` is what a node serves."""

    node: str
    model: Model
    compiler: Compiler
    atlas: Atlas
    snapshot: Snapshot
    moment: Moment
    states: str
    warnings: tuple[str, ...] = ()

    @property
    def served(self) -> bool:
        """Whether a node serves this snapshot."""
        return self.states == LIVE


def read(settings: Settings, now: float) -> Subject:
    """Read what the settings name, and the last votes and overrides. Raises UsageError where the files do not load."""
    loaded = config.load(settings.zones, settings.geo.networks)
    if loaded.fatal:
        raise UsageError(report.text(loaded.problems, loaded.sources))
    model = loaded.model
    warnings: list[str] = []
    atlas = _atlas(settings, model, warnings)
    moment = _moment(settings, targets.index(model), now, warnings)
    compiler = Compiler(model, atlas.locations, atlas.cut)
    snapshot = compiler.compile(moment.verdicts, 0, now=now, overrides=moment.overrides)
    return Subject(settings.node, model, compiler, atlas, snapshot, moment, VOTES if moment.verdicts else NOTHING, tuple(warnings))


def _atlas(settings: Settings, model: Model, warnings: list[str]) -> Atlas:
    """Load geo data as control does; without them every client is at an unknown place."""
    try:
        return geo.load(settings.geo.database or geo.shipped(), model.networks, model.sites, cache=settings.state_dir)
    except GeoError as error:
        warnings.append(f"without geo data: {error}")
        return geo.load(None, model.networks, model.sites)


def _moment(settings: Settings, index: targets.Index, now: float, warnings: list[str]) -> Moment:
    """Judge the last votes, and take operators at their last word."""
    remembered = last_votes.load(settings.state_dir, now)
    said = last_overrides.load(settings.state_dir)
    warnings += [problem for problem in (remembered.problem, said.problem) if problem]
    votes: dict[Target, dict[str, Vote]] = {}
    for vote in remembered.votes:
        votes.setdefault(vote.target, {})[vote.prober] = vote
    voters = {lease.prober: Voter(lease.place, suspect=bool(lease.suspect)) for lease, _ in remembered.leases}  # as they were then
    verdicts, _ = judge.judge_all(votes, {}, now, voters=voters, quorums=index.quorums)
    return Moment(verdicts, now, Overrides().with_words(said.words, now).standing(now))
