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

from gslb.model import FilterSpec, Policy, Stickiness
from gslb.option import Kind, Option
from gslb.policy.asn import Asn
from gslb.policy.candidate import FAIL_OPEN, Filter
from gslb.policy.geo import Geo
from gslb.policy.geofence import Geofence
from gslb.policy.healthy import Healthy
from gslb.policy.limit import Limit
from gslb.policy.nearest import Nearest
from gslb.policy.networks import Networks
from gslb.policy.priority import Priority
from gslb.policy.ramp import Ramp
from gslb.policy.schedule import Schedule

FILTERS: Final[dict[str, type[Filter]]] = {
    "healthy": Healthy,
    "priority": Priority,
    "geo": Geo,
    "geofence": Geofence,
    "nearest": Nearest,
    "networks": Networks,
    "asn": Asn,
    "schedule": Schedule,
    "ramp": Ramp,
    "limit": Limit,
}

ENTRY_POINTS: Final = "gslb.policies"

PICKS: Final = {
    "all": "every member, in order",
    "first": "the first `answers` members, in order",
    "rotate": "`answers` members, starting at a random one",
    "weighted": "`answers` members drawn at random by weight, without replacement",
    "sticky": "the `answers` members that weighted rendezvous ranks first for the client: the same ones every time, by every node",
}

PICK_OPTIONS: Final[Mapping[str, Mapping[str, Option]]] = {
    "sticky": {
        "key": Option(
            Kind.STRINGS,
            "What answers stick to: `net` (the client's network), `asn` or `country` (the network where that is not known), `qname` (the name "
            "asked for), or `qname` together with one of the others.",
            default=("net",),
            choices=("net", "asn", "country", "qname"),
        ),
        "v4": Option(Kind.INTEGER, "Bits of an IPv4 client's address that make its network.", default=24, minimum=1, maximum=32),
        "v6": Option(Kind.INTEGER, "Bits of an IPv6 client's address that make its network.", default=56, minimum=1, maximum=128),
    },
}

DEFAULT_PICK: Final = "first"  # of a chain written out: filters order members, and the first is what the order asks for

DEFAULT_ANSWERS: Final = {
    "all": 0,  # everything
    "first": 1,
    "rotate": FAIL_OPEN,  # eight addresses fit 512 octets beside the question; more help no client
    "weighted": 1,  # with one answer the shares of answers equal the weights, whatever resolvers do with the order (features 2.6)
    "sticky": 1,
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
        """Options that may stand beside `preset:`: those of its filters and its pick.

        But for filters whose options are the preset's own, and `healthy`, whose options are the pool's `fail_if`.
        """
        links = [spec.name for spec in self.filters if not spec.options and spec.name != "healthy"]
        return {**{key: option for name in links for key, option in FILTERS[name].options.items()}, **PICK_OPTIONS.get(self.pick, {})}


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
        Preset("sticky", "One member that is up, by weight, and the same one for a client as long as it stays up.", (_HEALTHY,), "sticky", 1),
        Preset("all", "Every member that is up, in list order.", (_HEALTHY,), "all", 0),
    )
}

_KNOWN_AS: Final = {
    "active-passive": "failover",
    "weighted-round-robin": "weighted",
    "geoproximity": "nearest",
    "ip-hash": "sticky",
    "consistent-hash": "sticky",
}
"""What other systems call the same thing."""

PRESETS.update({name: replace(PRESETS[own], name=name, doc=f"Another name of `{own}`.") for name, own in _KNOWN_AS.items()})


def filter_named(name: str) -> type[Filter] | None:
    """Find a filter: a built-in one, else an installed package's (entry points `gslb.policies`). Only while files are loaded."""
    built_in = FILTERS.get(name)
    if built_in is not None:
        return built_in
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        found: type[Filter] = entry.load()
        return found
    return None


class Beside(NamedTuple):
    """What the pool says beside its policy; None = it does not say.

    `fail_if`: options of `healthy`. `ramp`: options of a `ramp` behind `healthy`. `sticky`: options of the pick.
    """

    answers: int | None = None
    pick: str | None = None
    health: bool = True
    fail_if: Mapping[str, Any] | None = None
    ramp: Mapping[str, Any] | None = None
    sticky: Mapping[str, Any] | None = None


def expand(
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    answers: int | None = None,
    pick: str | None = None,
    health: bool = True,
    **beside: Mapping[str, Any] | None,
) -> Expanded:
    """Spell a preset out. `options`: accepted ones of its filters and its pick; the rest is what the pool says (`Beside`)."""
    pool = Beside(answers, pick, health, **beside)
    preset = PRESETS[name]
    chosen = pick or preset.pick
    count = answers if answers is not None else preset.answers if chosen == preset.pick else DEFAULT_ANSWERS[chosen]
    specs = [_with(spec, preset, options or {}, count) for spec in preset.filters if health or spec.name != "healthy"]
    return Expanded(Policy(_beside(specs, pool), chosen, name, stickiness({**(options or {}), **(pool.sticky or {})})), count)


def chain(
    filters: Sequence[FilterSpec], *, answers: int | None = None, pick: str | None = None, health: bool = True, **beside: Mapping[str, Any] | None
) -> Expanded:
    """Make a policy of a chain written out: `healthy` in front of it unless it is there already or health is ignored."""
    pool = Beside(answers, pick, health, **beside)
    chosen = pick or DEFAULT_PICK
    front = (_HEALTHY,) if health and all(spec.name != "healthy" for spec in filters) else ()
    specs = _beside((*front, *filters), pool)
    return Expanded(Policy(specs, chosen, stickiness=stickiness(pool.sticky or {})), answers if answers is not None else DEFAULT_ANSWERS[chosen])


def stickiness(options: Mapping[str, Any]) -> Stickiness:
    """Read the options of the pick `sticky`."""
    key = options.get("key") or ("net",)
    by_net = set(key) != {"qname"}
    asn, country = "asn" in key, "country" in key
    return Stickiness(options.get("v4", 24) if by_net else 0, options.get("v6", 56) if by_net else 0, asn, country, "qname" in key)


def _beside(specs: Sequence[FilterSpec], pool: Beside) -> tuple[FilterSpec, ...]:
    """Give `healthy` the pool's `fail_if`, and put the pool's `ramp` behind it."""
    found = [replace(spec, options={**spec.options, **(pool.fail_if or {})}) if spec.name == "healthy" else spec for spec in specs]
    if pool.ramp:
        behind = next((at + 1 for at, spec in enumerate(found) if spec.name == "healthy"), 0)
        found.insert(behind, FilterSpec("ramp", pool.ramp))
    return tuple(found)


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
