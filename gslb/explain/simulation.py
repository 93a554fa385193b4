"""What if, for everybody: which part of a population each site answers now, and with assumptions or other files. Plain data; keys are stable.

Called by `gslb simulate` and by control (the local socket, the API). Every name counts once, whatever it is asked: shares are of clients and names,
not of traffic (docs/explanation/population.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gslb import names as wire_names
from gslb.answer.lookup import A
from gslb.config.rdata import type_text
from gslb.errors import UsageError
from gslb.explain import assume
from gslb.explain.assume import Assumed
from gslb.explain.explanation import time_text, told
from gslb.explain.names import find
from gslb.explain.population import Population, Progress, names
from gslb.explain.shift import Pair, Part, Shift, compare
from gslb.explain.subject import Subject, supposing
from gslb.explain.summary import amount, share
from gslb.explain.traffic import Traffic
from gslb.model import Model
from gslb.packed import pooled

VERSION: Final = 1  # of the data: raised when a key changes its meaning or goes; new keys may come without
LEAST: Final = 0.0005  # part of clients; less is told as nothing
_MANY: Final = 4  # sites named in a line


class Asked(NamedTuple):
    """What counts: names (all that lead to pools, where none is given), the type they are asked for, the load of all clients in units of capacity."""

    names: tuple[str, ...] = ()
    type: int = A
    load: float | None = None


EVERYTHING: Final = Asked()


def simulate(
    subject: Subject,
    population: Population,
    asked: Asked = EVERYTHING,
    *,
    assumed: Assumed = assume.NOTHING,
    then: Subject | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Tell who answers whom now, and under assumptions. `then`: other files, which the assumptions hold for; the population is of both.

    Raises UsageError.
    """
    after = then or subject
    if assumed.anything:
        after = supposing(after, assume.moment(after.model, after.moment, assumed))
    pairs = chosen(subject, after, asked) if asked.names else everything(subject.model, after.model)
    if not pairs:
        raise UsageError("no name leads to a pool: there is nothing to simulate")
    before = Traffic(subject, population)
    shift = compare(before, before if after is subject else Traffic(after, population, 1 if then else 0), pairs, population, asked.type, progress)
    data: dict[str, Any] = {
        "version": VERSION,
        "node": subject.node,
        "generation": subject.snapshot.generation if subject.served else None,
        "states": subject.states,
        "time": time_text(subject.moment.now),
        "assumed": told(assumed),
        "files": "changed" if then else "same",
        "question": {"names": list(asked.names), "type": type_text(asked.type), "load": asked.load},
        "population": described(population),
        "names": round(shift.whole.names),
        "moved": percent(shift.whole.moved),
        "changed": percent(shift.whole.changed),
        "sites": sites(shift.whole, (subject.model, after.model), asked.load),
        "pools": pools(shift),
        "countries": countries(shift),
        "warnings": [*dict.fromkeys((*subject.warnings, *after.warnings)), *_skipped(population)],
    }
    data["summary"] = summary(data)
    return data


def everything(old: Model, new: Model) -> Counter[Pair]:
    """Count the names that lead to a pool on either side and are on both, by their pools."""
    here, there = leading(old), leading(new)
    found: Counter[Pair] = Counter()
    for owner in here.keys() | there.keys():
        pair = Pair(here.get(owner), there.get(owner))
        if (pair.old and pair.new) or (exists(old, owner) and exists(new, owner)):
            found[pair] += 1
    return Counter(dict(sorted(found.items(), key=lambda one: (-one[1], str(one[0])))))


def chosen(old: Subject, new: Subject, asked: Asked) -> Counter[Pair]:
    """Count the names asked for, as clients ask them: aliases are followed, wildcards match. Raises UsageError for one that leads to no pool."""
    found: Counter[Pair] = Counter()
    for text in asked.names:
        pair = Pair(_pool(old, text, asked.type), _pool(new, text, asked.type))
        if pair == Pair(None, None):
            raise UsageError(f"{text} leads to no pool")
        found[pair] += 1
    return found


def leading(model: Model) -> dict[bytes, str]:
    """Return the names that lead to a pool."""
    return {owner: data.pool.pool for zone in model.zones.values() for owner, data in pooled(zone.names) if data.pool}


def exists(model: Model, owner: bytes) -> bool:
    """Whether a name is written in any zone."""
    return any(owner in zone.names for zone in model.zones.values())


def described(population: Population) -> dict[str, Any]:
    """Say who is counted."""
    return {"source": population.source, "cells": len(population.cells), "countries": len(population.countries)}


def sites(whole: Part, models: Sequence[Model], load: float | None) -> list[dict[str, Any]]:
    """Tell of every site, and of clients that are sent to none, what each gets."""
    known = {key: site for model in models for key, site in model.sites.items()}
    found = []
    for key in dict.fromkeys((*known, *sorted(whole.now.keys() | whole.then.keys()))):
        site = known.get(key)
        now, then = whole.now.get(key, 0.0), whole.then.get(key, 0.0)
        capacity = site.capacity if site else None
        found.append({
            "site": key,
            "name": site.name if site else "",
            "location": list(site.location) if site and site.location else None,
            "capacity": capacity,
            "now": percent(now),
            "then": percent(then),
            "load_now": None if load is None else round(load * now, 2),
            "load_then": None if load is None else round(load * then, 2),
            "over_now": load is not None and capacity is not None and load * now > capacity,
            "over_then": load is not None and capacity is not None and load * then > capacity,
        })  # fmt: skip
    return found


def pools(shift: Shift) -> list[dict[str, Any]]:
    """Tell of every pool how many names it counts for and what its sites get."""
    return [{"pool": pair.new or pair.old, "before": pair.old, "names": round(part.names), **part_told(part)} for pair, part in shift.pools.items()]


def countries(shift: Shift) -> list[dict[str, Any]]:
    """Tell of every country, the largest first."""
    called = names()
    return [
        {"country": code, "name": called.get(code, ""), "weight": percent(part.weight), **part_told(part)} for code, part in shift.countries.items()
    ]


def percent(part: float) -> float:
    """Write a part in percent, to a hundredth."""
    return round(100 * part, 2)


def summary(data: Mapping[str, Any]) -> str:
    """Say in a line what would happen."""
    over = [f"{one['site']} would have {amount(one['load_then'])} of {one['capacity']:,}" for one in data["sites"] if one["over_then"]]
    told_over = f"; over capacity: {', '.join(over)}" if over else ""
    if not data["moved"]:
        return ("no client is sent elsewhere" if _supposes(data) else _shown(data["sites"])) + told_over
    return f"{share(data['moved'])} of clients are sent elsewhere: {moves(data['sites'])}{told_over}"


def moves(told_sites: Iterable[Mapping[str, Any]]) -> str:
    """Say which sites gain and lose most."""
    moving = sorted((one for one in told_sites if share(one["now"]) != share(one["then"])), key=lambda one: -abs(one["then"] - one["now"]))
    said = [f"{one['site']} {share(one['now'])} → {share(one['then'])}" for one in moving[:_MANY]]
    return ", ".join(said) + (f" and {len(moving) - _MANY} more" if len(moving) > _MANY else "") if said else "in equal parts to and fro"


def _shown(told_sites: Iterable[Mapping[str, Any]]) -> str:
    shown = sorted((one for one in told_sites if one["now"]), key=lambda one: -one["now"])
    return ", ".join(f"{one['site']} {share(one['now'])}" for one in shown[:_MANY]) + (" …" if len(shown) > _MANY else "")


def _supposes(data: Mapping[str, Any]) -> bool:
    assumed = data["assumed"]
    return bool(assumed["down"] or assumed["drained"] or assumed["at"] or data["files"] == "changed")


def part_told(part: Part) -> dict[str, Any]:
    """Tell shares before and after, and what part of clients is concerned."""
    return {
        "now": {site: percent(one) for site, one in sorted(part.now.items()) if one},
        "then": {site: percent(one) for site, one in sorted(part.then.items()) if one},
        "moved": percent(part.moved),
        "changed": percent(part.changed),
        "ttl": percent(part.ttl),
        "rules": {rule: percent(one) for rule, one in sorted(part.rules.items())},
    }


def _skipped(population: Population) -> list[str]:
    return [f"{population.skipped} lines of the sample have volume 0"] if population.skipped else []


def _pool(subject: Subject, text: str, kind: int) -> str | None:
    try:
        name = wire_names.from_text(text).lower()
    except ValueError as error:
        raise UsageError(str(error)) from None
    dynamic = find(subject.snapshot, name, kind).dynamic
    return subject.snapshot.pools[dynamic.pool].name if dynamic else None
