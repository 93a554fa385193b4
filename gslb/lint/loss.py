"""What a load would take away: the guard before much of what is served vanishes by mistake, such as with a folder that was not mounted.

Called by loads, before a load is adopted, by the desk where versions are published, and by whoever shows what a change would do. Pure. Not asked at
the first start, nor with `--force`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from gslb import names
from gslb.errors import Problem, Where
from gslb.model import Model, NameData, Zone

FEW: Final = 10  # names; to remove fewer is an edit, whatever share they are
SHOWN: Final = 5  # zones or names in a message
_LEADING: Final = frozenset({1, 2, 5, 12, 15, 28, 33, 64, 65})  # A, NS, CNAME, PTR, MX, AAAA, SRV, SVCB, HTTPS: what leads to somebody


def refusal(served: Model, new: Model) -> Problem | None:
    """Refuse a load that loses more than half of the zones, or of the names and at least FEW of them. The place is the first lost zone's file."""
    lost = [zone for apex, zone in served.zones.items() if apex not in new.zones]
    if 2 * len(lost) > len(served.zones):
        return _problem(f"{len(lost)} of {len(served.zones)} zones ({_listed(lost)})", lost[0].where)
    fewer = [(zone, gone) for apex, zone in served.zones.items() if (gone := _gone(zone, new.zones.get(apex)))]
    gone, total = sum(gone for _, gone in fewer), sum(len(zone.names) for zone in served.zones.values())
    if gone >= FEW and 2 * gone > total:
        return _problem(f"{gone} of {total} names (in {_listed([zone for zone, _ in fewer])})", fewer[0][0].where)
    return None


def emptied(served: Model, new: Model) -> Problem | None:
    """Refuse what leaves a name standing that had addresses (or an alias, or a pool) and has none any more: clients would get an empty answer.

    A name that is removed whole is none: that is an edit. One below which others stay is: it would be there, and empty.
    """
    found: list[tuple[bytes, Zone]] = []
    for apex, zone in served.zones.items():
        after = new.zones.get(apex)
        if after is None or zone.names is after.names:
            continue
        removed = []
        for name, data in zone.names.items():
            if not _leads(data):
                continue
            if name not in after.names:
                removed.append(name)
            elif not _leads(after.names[name]):
                found.append((name, zone))
        between = _ancestors(after.names) if removed else set()
        found += [(name, zone) for name in removed if name in between]
    if not found:
        return None
    shown = [names.to_text(name) for name, _ in found[:SHOWN]]
    listed = ", ".join([*shown, "…"] if len(found) > SHOWN else shown)
    what = f"this load would leave {len(found)} name{'s' if len(found) > 1 else ''} with nothing to answer with: {listed}"
    return Problem("F010", what, Where(found[0][1].where.file), "if that is meant: --force")


def _leads(data: NameData) -> bool:
    """Whether clients find somebody by a name."""
    return data.pool is not None or bool(data.hinted) or any(rrset.type in _LEADING for rrset in data.rrsets)


def _ancestors(owners: Iterable[bytes]) -> set[bytes]:
    """Return all names that some of these are below."""
    found: set[bytes] = set()
    for owner in owners:
        above = owner[1 + owner[0] :]
        while len(above) > 1 and above not in found:
            found.add(above)
            above = above[1 + above[0] :]
    return found


def _gone(zone: Zone, new: Zone | None) -> int:
    """Count the names that a zone loses; the same object, or the same names, lose none."""
    if new is None:
        return len(zone.names)
    return 0 if zone.names is new.names else sum(name not in new.names for name in zone.names)


def _listed(zones: Sequence[Zone]) -> str:
    shown = [names.to_text(zone.apex) for zone in zones[:SHOWN]]
    return ", ".join([*shown, "…"] if len(zones) > SHOWN else shown)


def _problem(what: str, where: Where) -> Problem:
    return Problem("F008", f"this load would take away {what} of what is served", Where(where.file), "if that is meant: gslb reload --force")
