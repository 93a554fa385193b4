"""The last votes on disk, so that a restart begins with what was known and not with every site unknown.

Saved by the role that judges, now and then and at its end; loaded once at start. Serving never depends on it: a file that cannot be
written is a StoreError to count, a file that cannot be believed is no votes and a reason. Blocking; call it in a thread.

The file: one line `gslb-votes 1 SHA256-OF-THE-REST`, then JSON `{"saved": seconds, "votes": [[check, digest, address, prober, state,
since, grade, reason], …]}`. It is put in place by rename, so a crash leaves the old one or the new one, never half of one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NamedTuple

from gslb.errors import StoreError
from gslb.verdict import State, Target, Vote

FILE: Final = "votes"
MAX_AGE: Final = 600.0  # seconds; older news of a site is worth less than asking again, which takes two seconds
MAX_SIZE: Final = 16 * 1024 * 1024  # octets: some 80,000 votes; what is longer was not written by us
_MAGIC: Final = "gslb-votes 1"
_TEXT: Final = 256  # characters of any text in a vote


class Remembered(NamedTuple):
    """What a file held. `problem`: why nothing could be taken from it; "" also where there is no file yet."""

    votes: tuple[Vote, ...] = ()
    problem: str = ""


def save(state_dir: Path, votes: Iterable[Vote], now: float) -> None:
    """Write the votes that say something. Raises StoreError when the disk does not take them."""
    rows = [
        [v.target.check, v.target.digest, v.target.address, v.prober, v.state.name, v.since, v.grade, v.reason[:_TEXT]]
        for v in votes
        if v.state is not State.UNKNOWN
    ]
    rest = json.dumps({"saved": now, "votes": rows}, separators=(",", ":")).encode()
    if len(rest) > MAX_SIZE:
        raise StoreError(f"last votes not saved: {len(rest)} octets, at most {MAX_SIZE}")
    temporary = ""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=state_dir, prefix=f".{FILE}-", delete=False) as file:
            temporary = file.name
            file.write(f"{_MAGIC} {hashlib.sha256(rest).hexdigest()}\n".encode() + rest)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(state_dir / FILE)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(temporary).unlink(missing_ok=True)
        raise StoreError(f"last votes not saved in {state_dir}: {error.strerror or error}") from error


def load(state_dir: Path, now: float, max_age: float = MAX_AGE) -> Remembered:
    """Read what was saved at most `max_age` seconds ago; never raises for what it finds."""
    path = state_dir / FILE
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 200)
    except FileNotFoundError:
        return Remembered()
    except OSError as error:
        return Remembered(problem=f"{path}: {error.strerror or error}")
    head, _, rest = data.partition(b"\n")
    if len(rest) > MAX_SIZE or head != f"{_MAGIC} {hashlib.sha256(rest).hexdigest()}".encode():
        return Remembered(problem=f"{path}: damaged, or not ours: ignored")
    try:
        content = json.loads(rest)
        saved = _moment(content["saved"])
        votes = tuple(_vote(row, now) for row in content["votes"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        return Remembered(problem=f"{path}: not as this version writes it ({error}): ignored")
    age = now - saved
    if abs(age) > max_age:  # also when the clock was set back: then nobody knows how old it is
        return Remembered(problem=f"{path}: saved {age:.0f} s ago, older than {max_age:.0f} s: ignored")
    return Remembered(votes)


def _vote(row: list[Any], now: float) -> Vote:
    """Read one vote. Raises ValueError, TypeError or KeyError for anything but what `save` writes."""
    check, digest, address, prober, state, since, grade, reason = row
    for text in (check, digest, address, prober, state, reason):
        if not isinstance(text, str) or len(text) > _TEXT:
            raise ValueError("not a short text")
    if not isinstance(grade, int) or not 0 <= grade <= 100 or state == State.UNKNOWN.name:
        raise ValueError("no such grade or state")
    target = Target(check, digest, str(ip_address(address)))
    return Vote(target, prober, State[state], min(_moment(since), now), grade, None, reason)


def _moment(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError("not a time")
    return float(value)
