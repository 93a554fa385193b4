"""What an explanation is about: a model, compiled, and the moment it is compiled for.

Control makes one of what it serves now; `read` makes one from files and from the last votes and overrides on disk, for when no node runs, or a
change is only planned; `changed` makes one of other files beside one that is there. Blocking; reads files, writes none but the unpacked geo database.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
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
from gslb.plan import Partition, Snapshot
from gslb.store import Overrides, last_overrides, last_votes
from gslb.verdict import State, Target, Verdict, Vote

LIVE = "node"  # states are the node's own, now
VOTES = "votes"  # states are from the last votes on this machine's disk
NOTHING = "nothing"  # nobody has looked: every state is unknown
INHERITED = "not checked yet; taken as up"


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


def read(settings: Settings, now: float, *, cut: bool = True) -> Subject:
    """Read what the settings name, and the last votes and overrides. Raises UsageError where the files do not load.

    `cut`: whether addresses are looked up in it; who only counts locations can do without partitions, which take a tenth of a second each.
    """
    return of_model(settings, files(settings.zones, settings.geo.networks), now, cut=cut)


def of_model(settings: Settings, model: Model, now: float, *, states: bool = True, cut: bool = True) -> Subject:
    """Compile a model with the settings' geo data, in the states of the last votes and overrides, or as if nobody had ever looked or said a thing."""
    warnings: list[str] = []
    atlas = _atlas(settings, model, warnings)
    moment = _moment(settings, targets.index(model), now, warnings) if states else Moment({}, now)
    return compiled(settings.node, model, atlas, moment, VOTES if moment.verdicts else NOTHING, tuple(warnings), cut=cut)


def files(zones: Sequence[Path], networks: Path | None) -> Model:
    """Load files. Raises UsageError with all of their problems."""
    loaded = config.load(zones, networks)
    if loaded.fatal:
        raise UsageError(report.text(loaded.problems, loaded.sources))
    return loaded.model


def compiled(  # noqa: PLR0917  a subject's parts
    node: str, model: Model, atlas: Atlas, moment: Moment, states: str, warnings: tuple[str, ...] = (), *, cut: bool = True
) -> Subject:
    """Compile a model for a moment. `cut` as in `read`."""
    compiler = Compiler(model, atlas.locations, atlas.cut if cut else _uncut)
    snapshot = compiler.compile(moment.verdicts, 0, now=moment.now, overrides=moment.overrides)
    return Subject(node, model, compiler, atlas, snapshot, moment, states, warnings)


def changed(base: Subject, model: Model) -> Subject:
    """Return what other files would make of the same clients, states and overrides. What nobody has looked at yet is taken as up.

    No address can be looked up in it.
    """
    same = model.networks == base.model.networks and {key: site.location for key, site in model.sites.items()} == {
        key: site.location for key, site in base.model.sites.items()
    }
    atlas = base.atlas if same else base.atlas.rebuilt(model.networks, model.sites)
    verdicts: dict[Target, Verdict] = {}
    fresh: set[Target] = set()
    if base.moment.verdicts:
        wanted = targets.index(model).pools
        verdicts = judge.carry(base.moment.verdicts, wanted)
        fresh = wanted.keys() - verdicts.keys() - targets.index(base.model).pools.keys()
        verdicts |= {target: Verdict(State.UP, base.moment.now, reason=INHERITED, changed=False) for target in fresh}
    warnings = base.warnings + ((f"{len(fresh)} checks are new: taken as up",) if fresh else ())
    return compiled(
        base.node, model, atlas, base.moment._replace(verdicts=verdicts), NOTHING if base.states == NOTHING else VOTES, warnings, cut=False
    )


def supposing(base: Subject, moment: Moment) -> Subject:
    """Return the same at another moment; pools that it does not touch are not compiled again."""
    before, then = base.moment.verdicts, moment.verdicts
    touched = [target for target in before.keys() | then.keys() if before.get(target) != then.get(target)]
    snapshot = base.compiler.update(base.snapshot, touched, then, 0, now=moment.now, overrides=moment.overrides, was=base.moment)
    return base._replace(snapshot=snapshot, moment=moment, states=VOTES if base.states == LIVE else base.states)


def _uncut(_of_location: Sequence[int]) -> Partition:
    return Partition(array("I"), array("H"), array("Q"), array("Q"), array("H"))


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
