"""A simulation for people: what happens in one line, then sites, pools and countries. Reads the plain data (`simulation`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gslb.explain import table
from gslb.explain.summary import amount, share
from gslb.explain.text import LABEL, STATES

FEW: Final = 12  # countries and pools that are shown unless more are asked for

_SAID: Final = 4  # sites in a line
_SITES: Final = ("SITE", "", "NOW", "THEN", "", "LOAD", "THEN", "CAPACITY", "")
_POOLS: Final = ("POOL", "NAMES", "MOVED", "WHERE TO", "")
_COUNTRIES: Final = ("COUNTRY", "", "CLIENTS", "MOVED", "WHERE TO")


def text(data: Mapping[str, Any], few: int = FEW) -> str:
    """Write the whole simulation. `few`: how many pools and countries are shown; 0 = all."""
    lines = [data["summary"], "", *_asked(data), "", *sites(data["sites"])]
    supposed = supposes(data)
    for title, told in (
        ("pools", _pools(data["pools"], few, supposed=supposed)),
        ("countries", countries(data["countries"], few, supposed=supposed)),
    ):
        found = list(told)
        lines += ["", *found] if found else ["", f"no client of any of the {title} is sent elsewhere"]
    return "\n".join(lines) + "\n"


def supposes(data: Mapping[str, Any]) -> bool:
    """Whether there is a "then"."""
    assumed = data["assumed"]
    return bool(assumed["down"] or assumed["drained"] or assumed["at"] or data["files"] == "changed")


def sites(told: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Write what each site gets, before and after; without a difference, once."""
    yield from table.lines(*site_rows(told), right={2, 3, 4, 5, 6, 7})


def site_rows(told: Sequence[Mapping[str, Any]]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Return the head and the rows of sites."""
    differs = any(one["now"] != one["then"] for one in told)
    return _SITES, [
        (
            one["site"],
            one["name"],
            share(one["now"]),
            share(one["then"]) if differs else "",
            f"{one['then'] - one['now']:+.1f}" if share(one["then"]) != share(one["now"]) else "",
            amount(one["load_now"]),
            amount(one["load_then"]) if differs else "",
            "" if one["capacity"] is None else str(one["capacity"]),
            "OVER" if one["over_then"] else "over now" if one["over_now"] else "",
        )
        for one in told
    ]  # fmt: skip


def countries(told: Sequence[Mapping[str, Any]], few: int, *, supposed: bool) -> Iterator[str]:
    """Write which countries are sent where: those that are sent elsewhere, where there is a "then"."""
    rows, more = country_rows(told, few, supposed=supposed)
    if rows:
        yield from table.lines(_COUNTRIES, rows, right={2, 3})
    if more:
        yield f"and {more} more (--all shows them)"


def country_rows(told: Sequence[Mapping[str, Any]], few: int, *, supposed: bool) -> tuple[list[Sequence[str]], int]:
    """Return the rows of countries, and how many are left out: those that move most first."""
    chosen = sorted((one for one in told if one["moved"]), key=lambda one: -one["moved"] * one["weight"]) if supposed else list(told)
    shown = chosen[: few or None]
    rows: list[Sequence[str]] = [
        (one["country"], one["name"], share(one["weight"]), share(one["moved"]) if supposed else "", where(one, supposed=supposed)) for one in shown
    ]
    return rows, len(chosen) - len(shown)


def country_head() -> Sequence[str]:
    """Return the head of the table of countries."""
    return _COUNTRIES


def where(part: Mapping[str, Any], *, supposed: bool = True) -> str:
    """Say which sites, before and after; what does not change is left out."""
    if not supposed:
        return _listed([f"{site} {share(one)}" for site, one in sorted(part["now"].items(), key=lambda one: -one[1])])
    moving = [(site, part["now"].get(site, 0.0), part["then"].get(site, 0.0)) for site in sorted(part["now"].keys() | part["then"].keys())]
    moving.sort(key=lambda one: (-abs(one[2] - one[1]), one[2]))
    return _listed([f"{site} {share(now)} → {share(then)}" for site, now, then in moving if share(now) != share(then)])


def _listed(said: list[str]) -> str:
    return ", ".join(said[:_SAID]) + (f" and {len(said) - _SAID} more" if len(said) > _SAID else "")


def _pools(told: Sequence[Mapping[str, Any]], few: int, *, supposed: bool) -> Iterator[str]:
    chosen = [one for one in told if one["changed"] or one["ttl"] or one["moved"]] if supposed else list(told)
    rows = [
        (
            one["pool"] if one["before"] in (one["pool"], None) else f"{one['before']} → {one['pool']}",
            f"{one['names']:,}",
            share(one["moved"]) if supposed else "",
            where(one, supposed=supposed) or "other answers, the same sites",
            ", ".join(f"{rule} for {share(part)}" for rule, part in one["rules"].items()),
        )
        for one in chosen[: few or None]
    ]
    if rows:
        yield from table.lines(_POOLS, rows, right={1, 2})
    if len(chosen) > len(rows):
        yield f"and {len(chosen) - len(rows):,} more (--all shows them)"


def _asked(data: Mapping[str, Any]) -> Iterator[str]:
    generation = f", generation {data['generation']}" if data["generation"] is not None else ""
    yield _labelled("asked", f"node {data['node']}{generation}, {data['time'].replace('T', ' ').replace('+00:00', ' UTC')}; {STATES[data['states']]}")
    counted = f"{data['names']:,} names" if not data["question"]["names"] else ", ".join(data["question"]["names"])
    population = data["population"]
    yield _labelled("counted", f"{counted}, type {data['question']['type']}; {population['source']} ({population['countries']} countries)")
    assumed = data["assumed"]
    for word, said in (("down", assumed["down"]), ("drained", assumed["drained"])):
        if said:
            yield _labelled("assumed", f"{word}: {', '.join(said)}")
    if assumed["at"]:
        yield _labelled("assumed", f"the time {assumed['at']}, and that nothing changes until then")
    if data["files"] == "changed":
        yield _labelled("assumed", "the changed files")
    for warning in data["warnings"]:
        yield _labelled("warning", warning)


def _labelled(label: str, said: str) -> str:
    return f"{label:<{LABEL}}{said}"
