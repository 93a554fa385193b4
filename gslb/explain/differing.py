"""What a change of files does, before it is applied: names, records, pools, checks and sites that differ, and the clients it moves. Plain data.

Called by `gslb diff` and by control (the local socket, the API, `gslb publish`). Both sides are compiled by the compiler and asked for the same
population in the same states, so that nothing but the files makes a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gslb import names
from gslb.answer.lookup import AAAA, A
from gslb.config.rdata import type_text
from gslb.explain import changes, guards, simulation
from gslb.explain.explanation import time_text
from gslb.explain.population import Population, Progress
from gslb.explain.shift import Pair, Part, Shift, compare
from gslb.explain.subject import Subject
from gslb.explain.summary import amount, share
from gslb.explain.traffic import Traffic
from gslb.model import Model

VERSION: Final = 1  # of the data: raised when a key changes its meaning or goes; new keys may come without
_EXAMPLES: Final = 3  # names told of those that lead to the same pools


def difference(
    old: Subject, new: Subject, population: Population, *, load: float | None = None, shown: int = changes.SHOWN, progress: Progress | None = None
) -> dict[str, Any]:
    """Tell what is other in `new`; the population is of both.

    `load`: of all clients, in the unit of capacities; `shown`: how many names are told one by one.
    """
    if progress:
        progress("comparing files", 0, 1)
    told = changes.changes(old.model, new.model, shown)
    pairs = simulation.everything(old.model, new.model)
    before, after = Traffic(old, population), Traffic(new, population, 1)
    shifts = {kind: compare(before, after, pairs, population, kind, progress) for kind in (A, AAAA)} if pairs else {}
    shift = shifts.get(A) or _nothing()
    answers = list(_answers(shifts, before, after, old.model, new.model))
    data: dict[str, Any] = {
        "version": VERSION,
        "same": not changes.anything(told) and not answers,
        "old": _described(old.model),
        "new": _described(new.model),
        "states": old.states,
        "time": time_text(old.moment.now),
        "changes": told,
        "answers": answers,
        "traffic": {
            "population": simulation.described(population),
            "names": sum(pairs.values()),
            "moved": simulation.percent(shift.whole.moved),
            "changed": simulation.percent(shift.whole.changed),
            "sites": simulation.sites(shift.whole, (old.model, new.model), load),
            "countries": simulation.countries(shift),
        },
        "guards": [*guards.of_files(old.model, new.model), *guards.of_traffic(shift), *_over(shift, old.model, new.model, load)],
        "warnings": [*dict.fromkeys((*old.warnings, *new.warnings))],
    }
    data["verdict"] = verdict(data)
    return data


def verdict(data: Mapping[str, Any]) -> str:
    """Say in a line what the change is."""
    if data["same"]:
        return "no difference: the same names, the same answers"
    said = [text for key, one, many in _COUNTED if (text := _counted(data["changes"][key], one, many))]
    moved = data["traffic"]["moved"]
    traffic = (
        f"{share(moved)} of clients are sent elsewhere: {simulation.moves(data['traffic']['sites'])}" if moved else "no client is sent elsewhere"
    )
    refused = [one["text"] for one in data["guards"] if one["level"] == guards.REFUSE]
    return "; ".join([*said, traffic] + (["REFUSED without --force: " + "; ".join(refused)] if refused else []))


_COUNTED: Final = (("zones", "zone", "zones"), ("names", "name", "names"), ("pools", "pool", "pools"), ("checks", "check", "checks"),
                   ("sites", "site", "sites"), ("networks", "network", "networks"))  # fmt: skip


def _counted(told: Mapping[str, Any], one: str, many: str) -> str:
    found: list[str] = []
    for what in ("added", "removed", "changed"):
        value = told.get(what, 0)
        number = value if isinstance(value, int) else len(value)
        if number:
            found.append(f"{number:,} {one if number == 1 else many} {what}" if not found else f"{number:,} {what}")
    return ", ".join(found)


def _answers(shifts: Mapping[int, Shift], before: Traffic, after: Traffic, old: Model, new: Model) -> Iterator[dict[str, Any]]:
    """Tell of each pair of pools, and type, for which clients get other answers."""
    examples = _names_of(old, new)
    told: dict[str, dict[str, Any]] = {}
    for kind, shift in shifts.items():
        for pair, part in shift.pools.items():
            asked = type_text(after.kind(pair.new, kind) if pair.new else before.kind(pair.old or "", kind))
            if not (part.changed or part.ttl or part.moved):
                continue
            one = {"pool": pair.new, "before": pair.old, **simulation.part_told(part)}
            known = told.setdefault(repr(one), {**one, "types": [], "names": round(part.names)})
            known["examples"] = [names.to_text(owner) for owner in examples[pair]]
            if asked not in known["types"]:
                known["types"].append(asked)
    yield from told.values()


def _names_of(old: Model, new: Model) -> dict[Pair, list[bytes]]:
    """Return some names that lead to each pair of pools."""
    here, there = simulation.leading(old), simulation.leading(new)
    found: dict[Pair, list[bytes]] = {}
    for owner in (*there, *(owner for owner in here if owner not in there)):
        listed = found.setdefault(Pair(here.get(owner), there.get(owner)), [])
        if len(listed) < _EXAMPLES:
            listed.append(owner)
    return found


def _over(shift: Shift, old: Model, new: Model, load: float | None) -> Iterator[dict[str, Any]]:
    for one in simulation.sites(shift.whole, (old, new), load):
        if one["over_then"] and not one["over_now"]:
            text = f"{one['site']} would have {amount(one['load_then'])} of {one['capacity']:,} ({amount(one['load_now'])} now)"
            yield {"code": "over-capacity", "level": guards.WARN, "text": text}


def _described(model: Model) -> dict[str, int]:
    return {
        "zones": len(model.zones),
        "names": sum(len(zone.names) for zone in model.zones.values()),
        "pools": len(model.pools),
        "members": sum(len(pool.members) for pool in model.pools.values()),
        "checks": len(model.checks),
        "sites": len(model.sites),
    }


def _nothing() -> Shift:
    return Shift(Part(), {}, {})
