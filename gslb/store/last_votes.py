"""The last votes on disk, so that a restart begins with what was known and not with every site unknown.

Saved by the role that judges, now and then and at its end; loaded once at start. Serving never depends on it: a file that cannot be
written is a StoreError to count, a file that cannot be believed is no votes and a reason. Blocking; call it in a thread.

The file (`kept_file`): `{"saved": seconds, "time": seconds in the store's clock, "votes": [[check, digest, address, prober, state, since, grade,
reason, last_up, changed(, quorum)], …], "leases": [[prober, place, at, lasts, suspect, age], …]}`. Files without `time` and `leases` are of before
stores were shared. A crash leaves the old one or the new one, never half of one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NamedTuple

from gslb.lease import Lease
from gslb.quorum import of as quorum_of
from gslb.store import kept_file
from gslb.verdict import State, Target, Vote

FILE: Final = "votes"
HELD: Final = "held"  # the verdicts of a hold, written as votes: a restart must not thaw them
MAX_AGE: Final = 600.0  # seconds; older news of a site is worth less than asking again, which takes two seconds
_MAGIC: Final = "gslb-votes 1"
_TEXT: Final = 256  # characters of any text in a vote


class Remembered(NamedTuple):
    """What a file held. `problem`: why nothing could be taken from it; "" also where there is no file yet."""

    votes: tuple[Vote, ...] = ()
    problem: str = ""
    leases: tuple[tuple[Lease, float], ...] = ()  # and how old each was
    time: float | None = None  # the store's, now


def save(
    state_dir: Path,
    votes: Iterable[Vote],
    now: float,
    name: str = FILE,
    *,
    leases: Iterable[tuple[Lease, float]] = (),
    time: float | None = None,
) -> None:
    """Write the votes that say something. `leases`: with their ages; `time`: the store's. Raises StoreError when the disk does not take them."""
    rows = [_row(vote) for vote in votes if vote.state is not State.UNKNOWN]
    kept = [[one.prober, one.place, one.at, one.lasts, one.suspect[:_TEXT], age] for one, age in leases]
    kept_file.write(state_dir / name, _MAGIC, {"saved": now, "time": now if time is None else time, "votes": rows, "leases": kept}, "last votes")


def load(state_dir: Path, now: float, max_age: float = MAX_AGE, name: str = FILE) -> Remembered:
    """Read what was saved at most `max_age` seconds ago; never raises for what it finds."""
    path = state_dir / name
    content, problem = kept_file.read(path, _MAGIC)
    if content is None:
        return Remembered(problem=problem)
    try:
        saved = _moment(content["saved"])
        stores = now - saved + _moment(content.get("time", saved))
        votes = tuple(_vote(row, stores) for row in content["votes"])
        leases = tuple(_lease(row) for row in content.get("leases", ()))
    except (ValueError, TypeError, KeyError) as error:
        return Remembered(problem=f"{path}: not as this version writes it ({error}): ignored")
    age = now - saved
    if abs(age) > max_age:  # also when the clock was set back: then nobody knows how old it is
        return Remembered(problem=f"{path}: saved {age:.0f} s ago, older than {max_age:.0f} s: ignored")
    return Remembered(votes, leases=leases or _leases(votes, stores), time=stores)


def _row(v: Vote) -> list[Any]:
    quorum = [v.target.quorum] if v.target.quorum else []
    target = [v.target.check, v.target.digest, v.target.address]
    return [*target, v.prober, v.state.name, v.since, v.grade, v.reason[:_TEXT], v.last_up, v.changed, *quorum]


def _leases(votes: Iterable[Vote], now: float) -> tuple[tuple[Lease, float], ...]:
    """Make up leases where the file has none: each prober was heard of when it was saved, in a place of its own."""
    return tuple((Lease(prober, prober, now), 0.0) for prober in sorted({vote.prober for vote in votes}))


def _lease(row: list[Any]) -> tuple[Lease, float]:
    """Read one lease. Raises ValueError or TypeError for anything but what `save` writes."""
    prober, place, at, lasts, suspect, age = row
    for text in (prober, place, suspect):
        if not isinstance(text, str) or len(text) > _TEXT:
            raise ValueError("not a short text")
    return Lease(prober, place, _moment(at), _moment(lasts), suspect), max(0.0, _moment(age))


def _vote(row: list[Any], now: float) -> Vote:
    """Read one vote. Raises ValueError, TypeError or KeyError for anything but what `save` writes."""
    check, digest, address, prober, state, since, grade, reason, last_up, changed, *quorums = row
    (quorum,) = quorums or ("",)
    for text in (check, digest, address, prober, state, reason, quorum):
        if not isinstance(text, str) or len(text) > _TEXT:
            raise ValueError("not a short text")
    if not isinstance(grade, int) or not 0 <= grade <= 100 or state == State.UNKNOWN.name:
        raise ValueError("no such grade or state")
    if not isinstance(changed, bool):
        raise TypeError("not a truth value")
    quorum_of(quorum)
    target = Target(check, digest, str(ip_address(address)), quorum)
    return Vote(
        target, prober, State[state], min(_moment(since), now), grade, None, reason, None if last_up is None else min(_moment(last_up), now), changed
    )


def _moment(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError("not a time")
    return float(value)
