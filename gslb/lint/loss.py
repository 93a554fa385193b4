"""What a load would take away: the guard before much of what is served vanishes by mistake, such as with a folder that was not mounted.

Called by loads, before a load is adopted, and by whoever shows what a change would do. Pure. Not asked at the first start, nor with
`gslb reload --force`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gslb import names
from gslb.errors import Problem, Where
from gslb.model import Model, Zone

FEW: Final = 10  # names; to remove fewer is an edit, whatever share they are
SHOWN: Final = 5  # zones in a message


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
