"""What an explanation is about: a model, compiled, and the moment it is compiled for.

Control makes one of what it serves now; `read` makes one from files and from the last votes on disk, for when no node runs, or a change is only
planned. Blocking; reads files, writes none but the unpacked geo database.
"""

from __future__ import annotations

from typing import NamedTuple

from gslb import config, geo, judge
from gslb.compiler import Compiler
from gslb.config import report
from gslb.config.settings import Settings
from gslb.errors import GeoError, UsageError
from gslb.geo import Atlas
from gslb.model import Model
from gslb.moment import Moment
from gslb.plan import Snapshot
from gslb.store import last_votes
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
    """Read what the settings name, and the last votes. Raises UsageError where the files do not load."""
    loaded = config.load(settings.zones, settings.geo.networks)
    if loaded.fatal:
        raise UsageError(report.text(loaded.problems, loaded.sources))
    model = loaded.model
    warnings = []
    try:
        atlas = geo.load(settings.geo.database, model.networks, model.sites, cache=settings.state_dir)
    except GeoError as error:
        warnings.append(f"without geo data: {error}")
        atlas = geo.load(None, model.networks, model.sites)
    remembered = last_votes.load(settings.state_dir, now)
    if remembered.problem:
        warnings.append(remembered.problem)
    votes: dict[Target, dict[str, Vote]] = {}
    for vote in remembered.votes:
        votes.setdefault(vote.target, {})[vote.prober] = vote
    verdicts, _ = judge.judge_all(votes, {}, now)
    compiler = Compiler(model, atlas.locations, atlas.cut)
    moment = Moment(verdicts, now)
    return Subject(
        settings.node, model, compiler, atlas, compiler.compile(verdicts, 0, now=now), moment, VOTES if verdicts else NOTHING, tuple(warnings)
    )
