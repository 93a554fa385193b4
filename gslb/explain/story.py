"""Tells what was heard of a pool as plain data: its members, each filter with whom it dropped or weighed anew and why, the rule, the groups.

Pools inside, and backups, are told inside the pool that asked them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from gslb.config.rdata import text as rdata_text
from gslb.explain import members, reasons, rules
from gslb.explain.listener import Heard, Link, Run
from gslb.explain.shares import exact, shares
from gslb.model import Location, Model
from gslb.moment import Moment
from gslb.plan import Group, Row


class Told(NamedTuple):
    """A group as it is answered: whose it is, at which share of all answers, by way of which pools (its own is the last)."""

    member: str
    via: tuple[str, ...]
    site: str
    rdata: tuple[bytes, ...]
    weight: int
    share: float


class Teller:
    """Tells of one decision: for clients at this location, at this moment."""

    def __init__(self, model: Model, moment: Moment, location: Location) -> None:
        self._model = model
        self._moment = moment
        self._location = location

    def pool(self, heard: Heard) -> dict[str, Any]:
        """Tell everything that was heard of a pool."""
        row = heard.row
        assert row is not None  # the pass has ended
        backup = heard.backup
        return {
            "pool": heard.pool.id,
            "type": heard.kind,
            "policy": heard.pool.policy.preset or [spec.name for spec in heard.pool.policy.filters],
            "pick": row.pick.name.lower(),
            "answers": row.answers,
            "members": members.story(self._model, self._moment, heard),
            "steps": [step for one in heard.told for step in self._steps(heard, one)],
            "rule": row.reason,
            "rule_text": rules.text(heard, backup),
            "groups": [] if backup else [self._group(heard, group, share) for group, share in zip(row.groups, shares(row), strict=True)],
            "exact": exact(row),
            "backup": self.pool(backup) if backup else None,
            "inside": [self.pool(one) for one in heard.inside if one is not backup],
        }

    def leaves(self, heard: Heard) -> list[Told]:
        """Return all that can be answered, pools inside resolved, with shares of all answers of the pool."""
        row = heard.row
        assert row is not None
        backup = heard.backup
        if backup is not None:
            return [one._replace(via=(heard.pool.id, *one.via)) for one in self.leaves(backup)]
        found = []
        for place, (group, share) in enumerate(zip(row.groups, shares(row), strict=True)):
            name = self._name(heard, place, group)
            if group.row is None:
                found.append(Told(name, (heard.pool.id,), group.site, group.rdata, group.weight, share))
            elif (child := self._child(heard, name, group.row)) is not None:
                below = self.leaves(child)
                found += [one._replace(share=one.share * share, site=one.site or group.site, via=(heard.pool.id, *one.via)) for one in below]
        return found

    def _steps(self, heard: Heard, run: Run) -> list[dict[str, Any]]:
        among = "all down" if run.loose else "with a weight" if len(run.given) < len(heard.standing.candidates) else "all"
        scene = reasons.Scene(self._location, self._model.sites, members.why(self._model, self._moment, heard))
        return [self._step(link, scene, among) for link in run.links]

    def _step(self, link: Link, scene: reasons.Scene, among: str) -> dict[str, Any]:
        left = link.outcome.candidates
        kept = {c.index for c in left}
        parts = reasons.reweighted(link)
        return {
            "filter": link.chosen.name,
            "among": among,
            "kept": [c.id for c in left],
            "dropped": [{"member": c.id, "why": reasons.dropped(link, c, scene)} for c in link.given if c.index not in kept],
            "reweighted": [
                {"member": c.id, "percent": round(100 * parts[c.index], 1), "why": reasons.weight_reason(link, c)} for c in left if c.index in parts
            ],
            "failed": link.outcome.failed,
        }

    def _group(self, heard: Heard, group: Group, share: float) -> dict[str, Any]:
        place = next(n for n, one in enumerate(heard.row.groups if heard.row else ()) if one is group)
        return {
            "member": self._name(heard, place, group),
            "site": group.site or None,
            "weight": group.weight,
            "share": percent(share),
            "data": [rdata_text(heard.kind, data) for data in group.rdata],
            "pool": heard.pool.members[self._index(heard, place, group)].pool or None,
        }

    def _name(self, heard: Heard, place: int, group: Group) -> str:
        return heard.pool.members[self._index(heard, place, group)].id

    def _index(self, heard: Heard, place: int, group: Group) -> int:
        """Find whose group it is: groups stand in the order of the members kept, those that have nothing to give left out."""
        run = heard.decisive
        left = run.left if run else ()
        assert heard.row is not None
        if len(left) == len(heard.row.groups):
            return left[place].index
        able = [c.index for c in left if not heard.pool.members[c.index].pool or self._gives(heard, c.id)]
        if len(able) == len(heard.row.groups):
            return able[place]
        return next(index for index in able if heard.standing.rdata.get(index) == group.rdata)

    def _gives(self, heard: Heard, name: str) -> bool:
        """Whether a pool inside gives any records."""
        index = next(i for i, member in enumerate(heard.pool.members) if member.id == name)
        return any(one.pool.id == heard.pool.members[index].pool and one.row and one.row.groups for one in heard.inside)

    def _child(self, heard: Heard, name: str, row: Row) -> Heard | None:
        member = next(member for member in heard.pool.members if member.id == name)
        return next((one for one in heard.inside if one.pool.id == member.pool and one.row == row), None)


def percent(share: float) -> float:
    """Write a share in percent, to a hundredth."""
    return round(100 * share, 2)
