"""The words filters speak: a candidate, an outcome, and the Filter protocol itself (Clocked: a filter that looks at the clock)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Protocol, Self, runtime_checkable

from gslb.model import Location, Site
from gslb.option import Complaint, Option
from gslb.policy.example import Example
from gslb.verdict import State

FAIL_OPEN: Final = 8  # groups in an answer when all are down (design: "at most 8 groups"): enough for a client to find a live one, fits 512 octets


@dataclass(frozen=True, slots=True)
class Candidate:
    """One member as filters see it. `index`: its place in the operator's list.

    `sites`: where a pool inside the pool would send this client, if the operator gave it no site of its own. `since`: when it came up, for
    filters that look at the clock; None = unchecked, or nobody asks. `site` and `sites` say where it stands: ask `stands_at`.

    Candidates are hashed some 100,000 times in a compile; the state's hash (an enum's, in Python) would take half of that time.
    """

    id: str
    index: int
    site: str | None
    weight: int
    priority: int | None
    state: State = field(hash=False)
    grade: int = field(default=100, hash=False)
    sites: tuple[str, ...] = ()
    since: float | None = None

    def stands_at(self, sites: Collection[str]) -> bool:
        """Whether it stands at one of these sites."""
        return self.site in sites if self.site is not None else any(site in sites for site in self.sites)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a filter leaves; `failed` goes up to the pool that contains this one.

    A filter that fails leaves what is best nevertheless, or nothing where nothing may be served (a fence).
    """

    candidates: tuple[Candidate, ...]
    failed: bool = False


class Keyed(Protocol):
    """What tells clients apart: all that divides the address space is one of these. Hashable; equal ones share one partition."""

    def client_key(self, location: Location) -> Hashable:
        """All that this needs of the client; None for every location = does not look at the client. Never depends on health."""
        ...


class Filter(Keyed, Protocol):
    """One link of a policy's chain. Immutable, deterministic, total on empty input.

    Laws (tests/laws): output ids are a subset of input ids, only order and weights may differ; input is never mutated;
    `client_key` never depends on health. A filter that looks at no weight and no grade, and changes none, may say `blind: ClassVar = True`: then
    pools whose members differ in weight alone share its decisions.
    """

    name: ClassVar[str]
    doc: ClassVar[str]
    example: ClassVar[Example]  # printed on the reference page and executed; the laws try its options
    options: ClassVar[Mapping[str, Option]]  # the key "*" describes every key not named (rules of `geo`)

    @classmethod
    def build(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Self:
        """Make the filter from accepted options; `sites` are those of the pool's members.

        Filters that compare equal share one partition of the address space.
        """
        ...

    @classmethod
    def problems(cls, options: Mapping[str, Any], sites: Mapping[str, Site]) -> Iterable[Complaint]:
        """Judge what the option schema cannot; called at load, options may still be wrong."""
        ...

    def apply(self, candidates: tuple[Candidate, ...], key: Hashable) -> Outcome:
        """Choose among candidates for clients with this key."""
        ...

    def when_all_down(self) -> Filter | None:
        """Return what stands here when every member is down: itself (a fence binds), something wider, or None (left out).

        It is given the keys of the filter it stands for.
        """
        ...


@runtime_checkable
class Clocked(Protocol):
    """What a filter has besides, whose outcome depends on the time. `now` is seconds since 1970 in the store's clock."""

    def at(self, now: float) -> Filter:
        """Return the filter as it stands at that moment; it takes the keys of the filter it is made of."""
        ...

    def edge(self, candidates: tuple[Candidate, ...], now: float) -> float | None:
        """Return a moment after `now` up to which the outcome for these candidates cannot change; None = never."""
        ...
