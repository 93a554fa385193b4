"""By which rule a row was made, in words: why the chain left nobody, and what is answered then (`when_all_down`)."""

from __future__ import annotations

from typing import Final

from gslb.explain.listener import Heard
from gslb.verdict import State

_ANSWERED: Final = {
    "all-down": "the chain without health and limits, at most 8 members",
    "primary": "the first of the list",
    "last-known-good": "those that were up last",
    "nodata": "no records",
    "servfail": "SERVFAIL",
    "fenced": "a fence leaves nobody for this client, so SERVFAIL",
}


def text(heard: Heard, backup: Heard | None) -> str:
    """Say by which rule the pool answered."""
    row = heard.row
    assert row is not None  # the pass has ended
    if not row.reason:
        return "chosen by the chain" if row.groups else "no member has a record of this type"
    if row.reason == "family-down":
        return "all addresses of this family are down and the other family works: no records"
    if backup is not None:
        there = f"; there, {text(backup, backup.backup)}" if backup.row and backup.row.reason else ""
        return f"{_failure(heard)}: the pool {backup.pool.id} answers instead{there}"
    return f"{_failure(heard)}: {_ANSWERED.get(row.reason, row.reason)}"


def _failure(heard: Heard) -> str:
    """Say why the chain left nobody."""
    if not heard.standing.candidates:
        return "operators keep all members out"
    failed = next((link for run in heard.told for link in run.links if not run.loose and (link.outcome.failed or not link.outcome.candidates)), None)
    if failed is None:
        return "nobody is left"
    if failed.chosen.name != "healthy":
        return f"{failed.chosen.name} leaves nobody"
    return "all members are down" if all(c.state is State.DOWN for c in failed.given) else "too few members are up"
