"""What a change of files would break or take away: what a careful eye looks for before it is applied. Plain data.

Called by `differing`, so by `gslb diff`, and by whoever publishes. `refuse`: not without being told to; `warn`: look at it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gslb import names
from gslb.explain.changes import differing
from gslb.explain.shift import Shift
from gslb.explain.summary import share
from gslb.explain.traffic import NO_ANSWER
from gslb.lint import loss
from gslb.model import Model, NameData

REFUSE: Final = "refuse"
WARN: Final = "warn"
MOST_MOVED: Final = 0.5  # part of clients; more is seldom meant
_LEADING: Final = (1, 5, 28, 64, 65)  # A, CNAME, AAAA, SVCB, HTTPS: by these clients find somebody
_MANY: Final = 5  # names in a message


def of_files(old: Model, new: Model) -> list[dict[str, Any]]:
    """Tell what the files alone show: much of what is served gone, names emptied, sites that no pool uses any more."""
    found = []
    if lost := loss.refusal(old, new):
        found.append(_guard("loss", REFUSE, lost.message.replace("this load", "this change")))
    emptied = [names.to_text(owner) for owner in _emptied(old, new)]
    if emptied:
        found.append(_guard("emptied", REFUSE, f"{len(emptied)} names are left without an address: {_listed(emptied)}"))
    vanished = [site for site in _used(old) if site not in _used(new)]
    if vanished:
        found.append(_guard("site-unused", WARN, f"no pool uses {_listed(vanished)} any more"))
    return found


def of_traffic(shift: Shift) -> Iterator[dict[str, Any]]:
    """Tell what clients would notice: many sent elsewhere, some sent nowhere."""
    whole = shift.whole
    if whole.moved > MOST_MOVED:
        yield _guard("moved", WARN, f"{share(100 * whole.moved)} of clients are sent elsewhere")
    if (nowhere := whole.then.get(NO_ANSWER, 0.0)) > whole.now.get(NO_ANSWER, 0.0) + 1e-9:
        yield _guard("no-answer", WARN, f"{share(100 * nowhere)} of clients would get no address ({share(100 * whole.now.get(NO_ANSWER, 0.0))} now)")


def _emptied(old: Model, new: Model) -> Iterator[bytes]:
    """Yield names that stay, and had an address, a name or a pool to lead to, and have none any more."""
    return (owner for _, owner, before, after in differing(old, new) if before and after and _leads(before) and not _leads(after))


def _leads(data: NameData) -> bool:
    return data.pool is not None or bool(data.hinted) or any(one.type in _LEADING for one in data.rrsets)


def _used(model: Model) -> dict[str, None]:
    return dict.fromkeys(member.site for pool in model.pools.values() for member in pool.members if member.site)


def _guard(code: str, level: str, text: str) -> dict[str, Any]:
    return {"code": code, "level": level, "text": text}


def _listed(found: list[str]) -> str:
    return ", ".join(found[:_MANY]) + (f" and {len(found) - _MANY} more" if len(found) > _MANY else "")
