"""The last roll of members that registered themselves, on disk: a restart while the store is out of reach serves them on.

Saved by the registrar now and then, loaded once at start. What is older than ten minutes is not believed, as with votes: addresses of members that
come and go are soon somebody else's. Blocking; call it in a thread.

The file (`kept_file`): `{"saved": seconds, "roll": [[pool, address, registrant, since, until, run, weight, joined, held], …]}`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import astuple
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from gslb.registration import Entry
from gslb.store import kept_file
from gslb.store.last_votes import MAX_AGE

FILE: Final = "registered"
_MAGIC: Final = "gslb-registered 1"
_TYPES: Final = (str, str, str, float, float, str, int, bool, bool)


def save(state_dir: Path, roll: Iterable[Entry], now: float) -> None:
    """Write it. Raises StoreError when the disk does not take it."""
    kept_file.write(state_dir / FILE, _MAGIC, {"saved": now, "roll": [astuple(entry) for entry in roll]}, "last registrations")


def load(state_dir: Path, now: float) -> tuple[tuple[Entry, ...], str]:
    """Read what was saved lately, and why nothing could be taken ("" also where there is no file); never raises for what it finds."""
    path = state_dir / FILE
    content, problem = kept_file.read(path, _MAGIC)
    if content is None:
        return (), problem
    try:
        age = now - content["saved"]
        entries = tuple(_entry(row) for row in content["roll"])
    except (ValueError, TypeError, KeyError) as error:
        return (), f"{path}: not as this version writes it ({error}): ignored"
    return ((), f"{path}: saved {age:.0f} s ago: ignored") if abs(age) > MAX_AGE else (entries, "")


def _entry(row: list[Any]) -> Entry:
    """Read one. Raises ValueError or TypeError for anything but what `save` writes."""
    for value, kind in zip(row, _TYPES, strict=True):
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise TypeError("another type than ours")
        if kind is float and not (isinstance(value, int | float) and math.isfinite(value)):
            raise ValueError("not a time")
    pool, address, *rest = row
    return Entry(pool, str(ip_address(address)), *rest)
