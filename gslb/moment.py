"""A moment: all that a compile depends on besides the model.

Made by control (and by tests, `gslb explain` and scenarios), read by the compiler. The decision is a pure function of (model, moment, region): two
nodes with equal moments serve equal rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gslb.override import Override
from gslb.verdict import Target, Verdict

_NO_VERDICTS: Mapping[Target, Verdict] = {}


class Moment(NamedTuple):
    """`now`: seconds in the store's clock, which is also the calendar's (`schedule`). `overrides`: expired ones may be among them."""

    verdicts: Mapping[Target, Verdict] = _NO_VERDICTS
    now: float = 0.0
    overrides: tuple[Override, ...] = ()
