"""Grades: 100 is full strength, 1 the least that is still up; what lies between lowers the member's weight.

Pure. Check types turn a measured value into a grade with `linear`; `gslb.check.opinion` damps what they say, so that a value that
trembles does not publish a vote after every look.

    seen      every look says a grade from 1 to 100
    level     moves a quarter of the way to it with each look
    shown     follows the level once that is 10 or more away, and returns to 100 as soon as the level has
"""

from __future__ import annotations

from typing import Final, NamedTuple

FULL: Final = 100
_BAND: Final = 10  # points; a smaller change of weight moves no traffic that anybody would notice, and would be published all day
_SCALE: Final = 1000  # a level counts thousandths of points, so that it is a whole number on every machine
_ARRIVED: Final = 98  # the level creeps towards 100 and never gets there


def linear(value: float, full: float, nothing: float) -> int:
    """Grade a value between `full` (100) and `nothing` (0); strictly in between the grade is 1 to 99, never down for rounding."""
    if full == nothing:
        return FULL if value == full else 0
    share = (value - nothing) / (full - nothing)
    if share >= 1:
        return FULL
    return 0 if share <= 0 else min(FULL - 1, max(1, int(FULL * share)))


class Damped(NamedTuple):
    """A grade at rest or on its way: the level in thousandths, and what is shown."""

    level: int
    shown: int

    def after(self, grade: int) -> Damped:
        """Take the grade of one more look in."""
        level = (3 * self.level + grade * _SCALE) // 4
        now = round(level / _SCALE)
        if grade == FULL and now >= _ARRIVED:
            return at(FULL)
        return Damped(level, now if abs(now - self.shown) >= _BAND else self.shown)


def at(grade: int) -> Damped:
    """Begin with this grade."""
    return Damped(grade * _SCALE, grade)
