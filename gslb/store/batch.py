"""What probers say, as contents of envelopes: votes that changed, all votes in parts, leases.

Pure: plain data there and back; `gslb.store.envelope` seals it. What is read is bounded and typed here, so that nothing odd gets further, and
fields that are not known are passed over (a later version may add some).

    {"checks": [[check, digest], …], "votes": [[number of the check, address, state, since, grade, seconds to change, last up, changed, reason], …],
     "gone": [[number of the check, address], …]}
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from gslb.lease import Lease
from gslb.store.envelope import RefusedError
from gslb.verdict import State, Target, Vote

BATCH: Final = 512  # votes in one record: some 20 KB sealed; a burst of 10,000 is 20 records
TEXT: Final = 256  # characters of any text; a longer reason is cut, another longer text is refused
ANSWERS: Final = 1024  # challenges that one lease answers: nameservers that may be new at the same time

ODD: Final = (ValueError, TypeError, LookupError, ArithmeticError)  # what reading odd data may raise

_STATES: Final = {State.UP: "u", State.DOWN: "d", State.UNKNOWN: "?"}
_LETTERS: Final = {letter: state for state, letter in _STATES.items()}


class Said(NamedTuple):
    """What one record says: these votes, and no more opinion of those targets."""

    votes: tuple[Vote, ...] = ()
    gone: tuple[Target, ...] = ()


def parts(votes: Sequence[Vote]) -> list[Sequence[Vote]]:
    """Divide votes among records; at least one."""
    return [votes[at : at + BATCH] for at in range(0, len(votes), BATCH)] or [()]


def votes_content(votes: Iterable[Vote], gone: Iterable[Target] = ()) -> dict[str, Any]:
    """Write votes as plain data."""
    checks: dict[tuple[str, str], int] = {}

    def number(target: Target) -> int:
        return checks.setdefault((target.check, target.digest), len(checks))

    rows = [
        [
            number(v.target),
            v.target.address,
            _STATES[v.state],
            round(v.since, 3),
            v.grade,
            v.seconds_to_change,
            None if v.last_up is None else round(v.last_up, 3),
            v.changed,
            v.reason[:TEXT],
        ]
        for v in votes
    ]
    lost = [[number(target), target.address] for target in gone]
    return {"checks": [list(one) for one in checks], "votes": rows, "gone": lost}


def read_votes(content: Any, prober: str) -> Said:
    """Read what `votes_content` wrote. Raises RefusedError."""
    try:
        _bound(content)
        checks = [(_text(check), _text(digest)) for check, digest in content["checks"]]
        votes = tuple(_vote(row, checks, prober) for row in content["votes"])
        return Said(votes, tuple(_target(checks, row[0], row[1]) for row in content["gone"]))
    except RefusedError:
        raise
    except ODD as error:
        raise RefusedError("content", f"no votes: {error}") from None


def lease_content(lease: Lease, answers: Iterable[str] = ()) -> dict[str, Any]:
    """Write a lease as plain data; `answers`: the challenges of nameservers that the prober has read."""
    content = {one.name: getattr(lease, one.name) for one in fields(lease)}
    return {**content, "suspect": lease.suspect[:TEXT], "answers": sorted(answers)[:ANSWERS]}


def read_lease(content: Any, prober: str) -> tuple[Lease, frozenset[str]]:
    """Read what `lease_content` wrote, and the challenges it answers. Raises RefusedError."""
    try:
        _own(content, prober)
        lease = Lease(
            prober,
            _text(content["place"]),
            _number(content["at"]),
            min(3600.0, _number(content["lasts"])),
            _text(content["suspect"]),
            _count(content["targets"]),
            _count(content["down"]),
            _number(content["lateness"]),
            _count(content["epoch"]),
            _count(content["sequence"]),
        )
        return lease, frozenset(map(_text, content["answers"]))
    except RefusedError:
        raise
    except ODD as error:
        raise RefusedError("content", f"no lease: {error}") from None


def _own(content: Any, prober: str) -> None:
    if content["prober"] != prober or len(content["answers"]) > ANSWERS:
        raise RefusedError("content", "another prober's lease, or too many answers")


def _bound(content: Any) -> None:
    if len(content["votes"]) > BATCH or len(content["gone"]) > 4 * BATCH:
        raise RefusedError("size", f"more than {BATCH} votes in one record")


def _vote(row: Sequence[Any], checks: Sequence[tuple[str, str]], prober: str) -> Vote:
    number, address, letter, since, grade, wait, last_up, changed, reason = row[:9]
    if type(grade) is not int or not 0 <= grade <= 100 or type(changed) is not bool:
        raise ValueError("no such grade")
    return Vote(
        _target(checks, number, address),
        prober,
        _LETTERS[letter],
        _number(since),
        grade,
        None if wait is None else max(0.0, _number(wait)),
        _text(reason),
        None if last_up is None else _number(last_up),
        changed,
    )


def _target(checks: Sequence[tuple[str, str]], number: Any, address: Any) -> Target:
    if type(number) is not int or number < 0:
        raise ValueError("not a number of a check")
    return _one_target(*checks[number], address)


@lru_cache(maxsize=65_536)  # the same targets with every batch and prober: one object of each, and no address read twice
def _one_target(check: str, digest: str, address: Any) -> Target:
    return Target(check, digest, str(ip_address(_text(address))))


def _text(value: Any) -> str:
    if type(value) is not str or len(value) > TEXT:
        raise ValueError("not a short text")
    if not value.isascii():
        value.encode()  # half a character, which JSON may hold and nothing can write, is a ValueError
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError("not a count")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)
