"""How the members of a pool stand: state, and behind it each address, check and verdict, and what an operator said. Plain data.

States are the compiler's (`Standing`); verdicts and overrides stand beside them, so that it shows which of them made the state.
"""

from __future__ import annotations

from typing import Any, Final

from gslb import targets
from gslb.compiler.standing import AAAA, CNAME, A, Standing
from gslb.config.rdata import text as rdata_text
from gslb.explain.assume import ASSUMED, DRAINED
from gslb.explain.listener import Heard
from gslb.model import Address, Member, Model
from gslb.moment import Moment
from gslb.override import Kind, Override, effective
from gslb.verdict import Target

_VERSION: Final = {A: 4, AAAA: 6}


def story(model: Model, moment: Moment, heard: Heard) -> list[dict[str, Any]]:
    """Tell of every member of a pool, in the operator's order."""
    return [_member(model, moment, heard, index, member) for index, member in enumerate(heard.pool.members)]


def why(model: Model, moment: Moment, heard: Heard) -> dict[int, str]:
    """Return in a few words why each member stands as it does, by index."""
    return {index: text for index, member in enumerate(heard.pool.members) if (text := _why(model, moment, heard, member))}


def _member(model: Model, moment: Moment, heard: Heard, index: int, member: Member) -> dict[str, Any]:
    standing = heard.standing
    candidate = next((c for c in (*standing.candidates, *standing.reserve) if c.index == index), None)
    said = effective(moment.overrides, heard.pool.id, member.id, member.site, moment.now)
    return {
        "member": member.id,
        "site": member.site,
        "weight": member.weight,
        "priority": member.priority,
        "state": candidate.state.name.lower() if candidate else None,
        "grade": candidate.grade if candidate else None,
        "reserve": any(c.index == index for c in standing.reserve),
        "why": _why(model, moment, heard, member),
        "serves": _served(standing, heard.kind, index),
        "addresses": [
            {"address": str(address), "checks": [_check(target, moment) for target in targets.of_address(model, member, address)]}
            for address in _addresses(member, heard)
        ],
        "pool": member.pool or None,
        "override": _said(said, moment) if said else None,
    }


def _addresses(member: Member, heard: Heard) -> list[Address]:
    """Return those by which the member is judged for this type."""
    version = _VERSION.get(heard.kind)
    return [a for a in targets.addresses(member) if version is None or heard.pool.joint or a.version == version]


def _served(standing: Standing, kind: int, index: int) -> list[str]:
    return [rdata_text(kind, data) for data in standing.rdata.get(index, ())]


def _check(target: Target, moment: Moment) -> dict[str, Any]:
    verdict = moment.verdicts.get(target)
    found: dict[str, Any] = {"check": target.check, "probed": target.address, "state": "unknown", "reason": "no result yet"}
    if verdict is not None:
        found |= {
            "state": verdict.state.name.lower(),
            "grade": verdict.grade,
            "since": verdict.since,
            "age": round(moment.now - verdict.since, 1),
            "last_up": verdict.last_up,
            "seconds_to_change": verdict.seconds_to_change,
            "reason": verdict.reason,
        }
    return found


def _said(said: Override, moment: Moment) -> dict[str, Any]:
    left = None if said.expires is None else round(said.expires - moment.now, 1)
    weight = {"weight": said.weight} if said.kind is Kind.WEIGHT else {}
    return {"kind": said.kind.value, "level": said.level.value, **weight, "author": said.author, "reason": said.reason, "seconds_left": left}


def _why(model: Model, moment: Moment, heard: Heard, member: Member) -> str:
    """Say it in a few words: the operator's word first, then the worst check's."""
    said = effective(moment.overrides, heard.pool.id, member.id, member.site, moment.now)
    if said is not None:
        who = f" by {said.author}" if said.author else ""
        what = f"weight {said.weight}" if said.kind is Kind.WEIGHT else said.kind.value
        return (
            said.reason if said.reason in (ASSUMED, DRAINED) else f"{what} at an operator's word{who}" + (f": {said.reason}" if said.reason else "")
        )
    if member.pool:
        return f"as the pool {member.pool} stands"
    if heard.kind != CNAME and not _addresses(member, heard):
        return "no address of this type"
    found = [target for address in _addresses(member, heard) for target in targets.of_address(model, member, address)]
    if not found:
        return "not checked"
    verdicts = [verdict for target in found if (verdict := moment.verdicts.get(target)) is not None]
    if len(verdicts) < len(found):
        return "no result yet"
    worst = min(verdicts, key=lambda verdict: (verdict.state, verdict.grade))
    return worst.reason or worst.state.name.lower()
