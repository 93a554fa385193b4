"""What is said: bodies of writes to overrides, the hold and files, and what they answer."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from gslb.api.shapes.base import Given, Mistake, Span, Taken

_REASON = Field(min_length=1, max_length=400, pattern=r"\S", description="why, for those who find it later")


class Order(Taken):
    """Drain it, or force it up or down."""

    reason: str = _REASON
    for_: Span = Field(default=None, alias="for")
    force: bool = Field(default=False, description="even where a pool is left with nothing, or with fewer sites than its min_sites")


class Weighed(Order):
    """Give it another weight."""

    weight: int = Field(ge=0, le=1_000_000, description="instead of the file's")


class Hold(Taken):
    """Freeze all verdicts."""

    reason: str = _REASON
    for_: Span = Field(default=None, alias="for")


class Reload(Taken):
    """Load the files anew."""

    force: bool = Field(default=False, description="even where most zones or names that are served would be gone")


class Override(Given):
    """A word of an operator that stands. `drained_at`: when the last answer given before it leaves the caches."""

    level: str
    subject: str
    kind: str
    author: str
    reason: str
    since: float
    expires: float | None
    pools: list[str]
    drained_at: float | None
    drained: bool


class Overrides(Given):
    """All that stands. `version` is the entity tag; `now` the store's time."""

    overrides: list[Override]
    hold: dict[str, Any] | None
    now: float
    version: int


class Done(Given):
    """What a word does: `pools` with what is left of each, `overruled` where a stronger word stands against it. `kept`: a restart knows it."""

    overrides: list[Override]
    taken_back: list[str]
    pools: list[dict[str, Any]]
    overruled: list[dict[str, Any]]
    kept: bool
    now: float
    version: int
    dry_run: bool


class HoldDone(Given):
    """The hold as it stands now."""

    hold: dict[str, Any] | None
    kept: bool
    now: float
    version: int
    dry_run: bool


class Reloaded(Given):
    """How a load went; refused files change nothing."""

    accepted: bool
    problems: list[Mistake]
    text: str
