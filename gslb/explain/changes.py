"""What differs between two models, thing by thing, as plain data: names and their records, pools and members, checks, sites, networks.

Called by `differing`. Where something was written, and in which order files were read, is no difference. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from typing import Any, Final, TypeVar

from gslb import names
from gslb.config.rdata import text as rdata_text
from gslb.config.rdata import type_text
from gslb.model import AllDown, FilterSpec, Hinted, Member, Model, NameData, Policy, Pool, PoolRef, RRset, Zone
from gslb.packed import PackedNames, without_places

SHOWN: Final = 500  # names that are told one by one; the others are counted
_QUIET: Final = {"where", "digest"}  # of things: where they are written; a check's digest follows from the rest

T = TypeVar("T")


def changes(old: Model, new: Model, shown: int = SHOWN) -> dict[str, Any]:
    """Tell everything that differs. `shown`: how many names are told one by one."""
    return {
        "zones": _keys(old.zones, new.zones, names.to_text),
        "names": _names(old, new, shown),
        "pools": _things(old.pools, new.pools, _pool),
        "checks": _things(old.checks, new.checks),
        "sites": _things(old.sites, new.sites),
        "networks": _things({str(one.network): one for one in old.networks}, {str(one.network): one for one in new.networks}),
    }


def anything(told: Mapping[str, Any]) -> bool:
    """Whether anything differs."""
    return any(one["added"] or one["removed"] or one.get("changed") for one in told.values())


def differing(old: Model, new: Model) -> Iterator[tuple[bytes, bytes, NameData | None, NameData | None]]:
    """Yield (zone, name, before, after) for each name that differs; in the order of names."""
    for apex in sorted(old.zones.keys() | new.zones.keys(), key=_order):
        before, after = old.zones.get(apex), new.zones.get(apex)
        for owner in sorted(_unlike(before, after), key=_order):
            yield apex, owner, before.names.get(owner) if before else None, after.names.get(owner) if after else None


def _unlike(before: Zone | None, after: Zone | None) -> Iterator[bytes]:
    """Yield the names that are not the same; a million that are cost little."""
    if before is None or after is None:
        yield from (before or after).names  # type: ignore[union-attr]  # one of them is there
        return
    here, there = before.names, after.names
    if here is there:
        return
    packed = (here.packed, there.packed) if isinstance(here, PackedNames) and isinstance(there, PackedNames) else ({}, {})
    for owner in here:
        before_octets, after_octets = packed[0].get(owner, b""), packed[1].get(owner, b"")
        if before_octets and after_octets and without_places(before_octets) == without_places(after_octets):
            continue
        if owner not in there or _told(here[owner]) != _told(there[owner]):
            yield owner
    yield from (owner for owner in there if owner not in here)


def _names(old: Model, new: Model, shown: int) -> dict[str, Any]:
    counts = {"added": 0, "removed": 0, "changed": 0}
    items: list[dict[str, Any]] = []
    for apex, owner, before, after in differing(old, new):
        what = "added" if before is None else "removed" if after is None else "changed"
        counts[what] += 1
        if len(items) < shown:
            items.append({"name": names.to_text(owner), "zone": names.to_text(apex), "what": what, **_name(before, after)})
    return {**counts, "items": items, "more": sum(counts.values()) - len(items)}


def _name(before: NameData | None, after: NameData | None) -> dict[str, Any]:
    """Tell a name's records that differ, by type, and the pool it leads to."""
    here, there = _records(before), _records(after)
    records = [{"type": kind, "old": here.get(kind), "new": there.get(kind)} for kind in sorted(here.keys() | there.keys())]
    was, then = _reference(before.pool if before else None), _reference(after.pool if after else None)
    return {"records": [one for one in records if one["old"] != one["new"]], "pool": None if was == then else {"old": was, "new": then}}


def _told(data: NameData) -> object:
    """Return what a name says, whatever the order in which it was written."""
    return {one.type: one for one in data.rrsets}, {one.type: one for one in data.hinted}, data.pool


def _records(data: NameData | None) -> dict[str, dict[str, Any]]:
    if data is None:
        return {}
    found = {type_text(one.type): _rrset(one) for one in data.rrsets}
    return found | {f"{type_text(one.type)} hints": _hinted(one) for one in data.hinted}


def _rrset(one: RRset) -> dict[str, Any]:
    return {"ttl": one.ttl, "data": [rdata_text(one.type, data) for data in one.rdata]}


def _hinted(one: Hinted) -> dict[str, Any]:
    return {"ttl": one.ttl, "data": [rdata_text(one.type, one.rdata)], "pool": one.pool}


def _reference(one: PoolRef | None) -> dict[str, Any] | None:
    return {"pool": one.pool, "types": [type_text(kind) for kind in one.types], "ttl": one.ttl} if one else None


def _pool(old: Pool, new: Pool) -> dict[str, Any]:
    """Tell a pool's members apart from the rest of it."""
    here, there = {one.id: one for one in old.members}, {one.id: one for one in new.members}
    members = _things(here, there)
    if not (members["added"] or members["removed"]) and list(here) != list(there):
        members["order"] = {"old": list(here), "new": list(there)}
    told_members = members if members["added"] or members["removed"] or members["changed"] or "order" in members else None
    return {"fields": [one for one in _fields(old, new) if one["field"] != "members"], "members": told_members}


def _things(old: Mapping[str, T], new: Mapping[str, T], tell: Callable[[T, T], dict[str, Any]] | None = None) -> dict[str, Any]:
    """Tell which things came, went and changed; `tell` says how they changed."""
    shared = [key for key in old if key in new and not _same(old[key], new[key])]
    found = _keys(old, new, str)
    how = tell or (lambda before, after: {"fields": _fields(before, after)})
    return {**found, "changed": [{"id": key, **how(old[key], new[key])} for key in shared]}


def _keys(old: Iterable[Any], new: Iterable[Any], told: Callable[[Any], str]) -> dict[str, Any]:
    before, after = dict.fromkeys(old), dict.fromkeys(new)
    return {"added": [told(key) for key in after if key not in before], "removed": [told(key) for key in before if key not in after]}


def _same(old: object, new: object) -> bool:
    """Compare by what was asked for. A pool's order of members counts: `failover` and `first` go by it."""
    return old == new


def _fields(old: object, new: object) -> list[dict[str, Any]]:
    assert type(old) is type(new)
    return [
        {"field": one.name, "old": shown(before), "new": shown(after)}
        for one in fields(old)  # type: ignore[arg-type]  # things of the model are dataclasses
        if one.name not in _QUIET and (before := getattr(old, one.name)) != (after := getattr(new, one.name))
    ]


def shown(value: object) -> Any:
    """Write a value of the model as plain data, as near to the operator's words as it goes."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case str():
            return value
        case bytes():
            return names.to_text(value) if value else ""
        case Policy():
            chain = value.preset or " → ".join(_spec(one) for one in value.filters)
            with_options = chain + (f" ({options})" if value.preset and (options := _options(value.filters)) else "")
            return f"{with_options}, pick {value.pick}"
        case FilterSpec():
            return _spec(value)
        case AllDown():
            return f"backup {value.backup}" if value.backup else value.mode
        case Member():
            return value.id
        case Mapping():
            return {str(key): shown(one) for key, one in value.items()}
        case frozenset():
            return sorted(str(one) for one in value)
        case Sequence():
            return [shown(one) for one in value]
        case _:
            return str(value)


def _spec(one: FilterSpec) -> str:
    return f"{one.name} {_plain(one.options)}" if one.options else one.name


def _options(filters: Iterable[FilterSpec]) -> str:
    return "; ".join(_spec(one) for one in filters if one.options)


def _plain(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}: {_inline(shown(value))}" for key, value in options.items())


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_inline(one)}" for key, one in value.items()) + "}"
    return "[" + ", ".join(map(_inline, value)) + "]" if isinstance(value, list) else str(value)


def _order(name: bytes) -> tuple[bytes, ...]:
    """Sort names as DNSSEC does: by their labels from the right (RFC 4034 section 6.1)."""
    labels = []
    at = 0
    while at < len(name) and name[at]:
        labels.append(name[at + 1 : at + 1 + name[at]])
        at += 1 + name[at]
    return tuple(reversed(labels))
