"""Policies: the table of filters, and the presets with the chain each stands for.

Config and lint read the option schemas here, the compiler builds the filters. Adding a filter is one file and one line in
`FILTERS`; an unknown name falls back to the entry points `gslb.policies`, and only while files are loaded. No preset
hides anything: an operator can write its chain out and gets the same answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from typing import Any, Final, NamedTuple

from gslb.model import FilterSpec, Policy
from gslb.option import Option
from gslb.policy.candidate import FAIL_OPEN, Filter
from gslb.policy.geo import Geo
from gslb.policy.healthy import Healthy
from gslb.policy.limit import Limit
from gslb.policy.nearest import Nearest
from gslb.policy.priority import Priority

FILTERS: Final[dict[str, type[Filter]]] = {
    "healthy": Healthy,
    "priority": Priority,
    "geo": Geo,
    "nearest": Nearest,
    "limit": Limit,
}

ENTRY_POINTS: Final = "gslb.policies"

PICKS: Final = {
    "all": "every member, in order",
    "first": "the first `answers` members, in order",
    "rotate": "`answers` members, starting at a random one",
    "weighted": "`answers` members drawn at random by weight, without replacement",
}

DEFAULT_PICK: Final = "first"  # of a chain written out: filters order members, and the first is what the order asks for

DEFAULT_ANSWERS: Final = {
    "all": 0,  # everything
    "first": 1,
    "rotate": FAIL_OPEN,  # eight addresses fit 512 octets beside the question; more help no client
    "weighted": 1,  # with one answer the shares of answers equal the weights, whatever resolvers do with the order (features 2.6)
}


@dataclass(frozen=True, slots=True)
class Preset:
    """A named chain. `answers`: groups given at once when the pool does not say, 0 = all. `fill`: options set to the pool's `answers`."""

    name: str
    doc: str
    filters: tuple[FilterSpec, ...]
    pick: str
    answers: int
    fill: tuple[tuple[str, str], ...] = ()  # (filter, option)

    @property
    def options(self) -> Mapping[str, Option]:
        """Options that may stand beside `preset:`: those of its filters, but for filters whose options are the preset's own."""
        return {key: option for spec in self.filters if not spec.options for key, option in FILTERS[spec.name].options.items()}


class Expanded(NamedTuple):
    """A preset spelled out, and how many answers it gives."""

    policy: Policy
    answers: int


_HEALTHY: Final = FilterSpec("healthy")

PRESETS: Final[dict[str, Preset]] = {
    preset.name: preset
    for preset in (
        Preset(
            "failover",
            "The first member that is up, in list order or by `priority`; members of equal priority share by weight.",
            (_HEALTHY, FilterSpec("priority")),
            "weighted",
            1,
            (("priority", "at_least"),),
        ),
        Preset("round-robin", "Up to eight members that are up, each answer starting at another one.", (_HEALTHY,), "rotate", FAIL_OPEN),
        Preset("weighted", "One member that is up, drawn by weight for each answer.", (_HEALTHY,), "weighted", 1),
        Preset(
            "nearest",
            "The site nearest to the client among those that are up; sites within 5 % of it, and members of one site, share by weight.",
            (_HEALTHY, FilterSpec("nearest")),
            "weighted",
            1,
            (("nearest", "at_least"),),
        ),
        Preset(
            "geo",
            "The first site that is up of the most specific rule for the client's place; members of one site share by weight.",
            (_HEALTHY, FilterSpec("geo"), FilterSpec("limit", {"sites": 1})),
            "weighted",
            1,
        ),
        Preset("all", "Every member that is up, in list order.", (_HEALTHY,), "all", 0),
    )
}


def filter_named(name: str) -> type[Filter] | None:
    """Find a filter: a built-in one, else an installed package's (entry points `gslb.policies`). Only while files are loaded."""
    built_in = FILTERS.get(name)
    if built_in is not None:
        return built_in
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        found: type[Filter] = entry.load()
        return found
    return None


def expand(
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    answers: int | None = None,
    pick: str | None = None,
    health: bool = True,
) -> Expanded:
    """Spell a preset out. `options`: accepted ones of its filters; `answers` and `pick`: the pool's own, None = the preset's."""
    preset = PRESETS[name]
    chosen = pick or preset.pick
    count = answers if answers is not None else preset.answers if chosen == preset.pick else DEFAULT_ANSWERS[chosen]
    specs = [_with(spec, preset, options or {}, count) for spec in preset.filters if health or spec.name != "healthy"]
    return Expanded(Policy(tuple(specs), chosen, name), count)


def chain(filters: Sequence[FilterSpec], *, answers: int | None = None, pick: str | None = None, health: bool = True) -> Expanded:
    """Make a policy of a chain written out: `healthy` in front of it unless it is there already or health is ignored."""
    chosen = pick or DEFAULT_PICK
    front = (_HEALTHY,) if health and all(spec.name != "healthy" for spec in filters) else ()
    return Expanded(Policy((*front, *filters), chosen), answers if answers is not None else DEFAULT_ANSWERS[chosen])


def _with(spec: FilterSpec, preset: Preset, options: Mapping[str, Any], answers: int) -> FilterSpec:
    """Give a filter of a preset its share of the options."""
    if spec.options:
        return spec
    schema = FILTERS[spec.name].options
    mine = {key: value for key, value in options.items() if key in schema or "*" in schema}
    for filter_name, option in preset.fill:
        if filter_name == spec.name and answers > 1:
            mine.setdefault(option, answers)
    return replace(spec, options=mine)
