"""Windows of time as operators write them: `mon-fri 08:00-18:00`, `sat,sun`, `2026-12-01..2026-12-24 20:00-06:00`.

Read by the filter `schedule`. A window is a list of spans between moments, so that the hour which a clock skips or repeats in spring and
autumn makes no riddle: whether it is open and when that changes come from the same spans. Hours are local to the zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY: Final = 1440  # minutes
AHEAD: Final = 9  # days looked at for the next edge: every weekday, yesterday's night included

_HOURS: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})").fullmatch
_DATES: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?(\.\.)?([0-9]{4}-[0-9]{2}-[0-9]{2})?").fullmatch
_OFFSET: Final = re.compile(r"([+-])([0-9]{2}):([0-9]{2})").fullmatch


class Window(NamedTuple):
    """On these weekdays (0 = Monday), from minute to minute of the day (beyond 1,440: into the next), from date to date, both included."""

    days: frozenset[int] = frozenset(range(7))
    begin: int = 0
    end: int = DAY
    first: date = date.min
    last: date = date.max


@lru_cache(maxsize=64)
def zone(text: str) -> tzinfo:
    """Return a time zone: `UTC`, an offset such as `+01:00`, or a name such as `Europe/Berlin`. Raises ValueError.

    Names are looked up in this machine's time zone data when files are loaded: with data of one age every node agrees.
    """
    if text.upper() == "UTC":
        return UTC
    offset = _OFFSET(text)
    if offset and int(offset[2]) < 15 and int(offset[3]) < 60:
        minutes = 60 * int(offset[2]) + int(offset[3])
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone {text!r}") from None


def window(text: str) -> Window:
    """Read one window. Raises ValueError with a message for the operator."""
    found = Window()
    for word in text.split():
        if hours := _HOURS(word):
            begin, end = _hours(word, *map(int, hours.groups()))
            found = found._replace(begin=begin, end=end)
        elif word[:1].isdecimal() or word.startswith(".."):
            first, last = _dates(word)
            found = found._replace(first=first, last=last)
        else:
            found = found._replace(days=frozenset(day for part in word.lower().split(",") for day in _days(part)))
    if not text.split():
        raise ValueError("an empty window")
    return found


def spans(one: Window, where: tzinfo, now: float) -> Iterator[tuple[float, float]]:
    """Yield the spans of a window that may hold `now` or come next, as moments."""
    today = datetime.fromtimestamp(now, where).date()
    day = max(today - timedelta(days=1), one.first)
    for _ in range(AHEAD):
        if day > one.last or day == date.max:
            return
        if day.weekday() in one.days:
            yield _moment(day, one.begin, where), _moment(day, one.end, where)
        day += timedelta(days=1)


def _moment(day: date, minute: int, where: tzinfo) -> float:
    """Return the moment of a minute of a local day; one that the clock skips is the moment it would have been."""
    day += timedelta(days=minute // DAY)
    return datetime(day.year, day.month, day.day, minute % DAY // 60, minute % 60, tzinfo=where).timestamp()


def _hours(word: str, hour: int, minute: int, to_hour: int, to_minute: int) -> tuple[int, int]:
    begin, end = 60 * hour + minute, 60 * to_hour + to_minute
    if max(begin, end) > DAY or max(minute, to_minute) > 59 or begin == end:
        raise ValueError(f"{word!r} is no span of hours")
    return begin, end if end > begin else end + DAY


def _dates(word: str) -> tuple[date, date]:
    found = _DATES(word)
    if not found or not (found[1] or found[3]):
        raise ValueError(f"{word!r} is neither hours nor dates")
    try:
        first = date.fromisoformat(found[1]) if found[1] else date.min
        last = date.fromisoformat(found[3]) if found[3] else date.max if found[2] else first
    except ValueError:
        raise ValueError(f"{word!r} holds a date that does not exist") from None
    if last < first:
        raise ValueError(f"{word!r} ends before it begins")
    return first, last


def _days(part: str) -> Iterator[int]:
    first, dash, last = part.partition("-")
    if first not in DAYS or (dash and last not in DAYS):
        raise ValueError(f"{part!r} is no day")
    begin = DAYS.index(first)
    count = (DAYS.index(last) - begin) % 7 if dash else 0
    yield from ((begin + n) % 7 for n in range(count + 1))
