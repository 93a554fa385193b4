"""A difference for people, and for a merge request's comment: the verdict first, then what is other, then whom it moves. Reads the plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gslb.explain import table
from gslb.explain.simulation_text import FEW, country_head, country_rows, site_rows, where
from gslb.explain.summary import share

NAMES: Final = 40  # names told one by one, unless all are asked for
_MARKS: Final = {"added": "+", "removed": "-", "changed": "~"}
_ANSWERS: Final = ("POOL", "TYPE", "NAMES", "OTHER ANSWERS", "MOVED", "WHERE TO", "")
_THINGS: Final = ("pools", "checks", "sites", "networks")


def text(data: Mapping[str, Any], few: int = FEW) -> str:
    """Write the whole difference. `few`: how many countries and answers are shown, and names in proportion; 0 = all."""
    lines = [data["verdict"]]
    for title, found in _parts(data, few):
        lines += ["", title, *(f"  {line}" for line in found)]
    return "\n".join(lines) + "\n"


def markdown(data: Mapping[str, Any], few: int = FEW) -> str:
    """Write it as a comment: the verdict, guards, who is moved; what is other line by line behind a fold."""
    if data["same"]:
        return f"**{table.escaped(data['verdict'])}**\n"
    lines = [f"**{table.escaped(data['verdict'])}**"]
    lines += [""] if data["guards"] or data["warnings"] else []
    lines += [f"- {'⛔' if one['level'] == 'refuse' else '⚠️'} {table.escaped(one['text'])}" for one in data["guards"]]
    lines += [f"- ⚠️ {table.escaped(one)}" for one in data["warnings"]]
    traffic = data["traffic"]
    if traffic["sites"]:
        lines += ["", "### Sites", "", *table.markdown(*site_rows(traffic["sites"]), right={2, 3, 4, 5, 6, 7})]
    answers, more = _answers(data["answers"], few)
    if answers:
        lines += ["", "### Answers", "", *table.markdown(_ANSWERS, answers, right={2, 3, 4}), *([f"\nand {more:,} more"] if more else [])]
    rows, more = country_rows(traffic["countries"], few, supposed=True)
    if rows:
        lines += ["", "### Countries", "", *table.markdown(country_head(), rows, right={2, 3}), *([f"\nand {more} more"] if more else [])]
    changed = [line for title, found in _changes(data["changes"], few) for line in (title, *(f"  {one}" for one in found))]
    if changed:
        lines += ["", "<details><summary>What is other</summary>", "", "```diff", *(_unfenced(line) for line in changed), "```", "", "</details>"]
    population = traffic["population"]
    lines += ["", f"<sub>{traffic['names']:,} names, each counted once, asked by {table.escaped(population['source'])}: addresses, not users.</sub>"]
    return "\n".join(lines) + "\n"


def changed(told: Mapping[str, Any], few: int = FEW) -> str:
    """Write what files change, and nothing of whom it moves; "" where that is nothing."""
    return "".join(f"{title}\n" + "".join(f"  {line}\n" for line in found) for title, found in _changes(told, few))


def _parts(data: Mapping[str, Any], few: int) -> Iterator[tuple[str, list[str]]]:
    """Yield each part with its title; those that say nothing are left out."""
    for one in data["guards"]:
        yield f"{'REFUSED' if one['level'] == 'refuse' else 'careful'}: {one['text']}", []
    for one in data["warnings"]:
        yield f"warning: {one}", []
    yield from _changes(data["changes"], few)
    answers, more = _answers(data["answers"], few)
    if answers:
        yield "answers", [*table.lines(_ANSWERS, answers, right={2, 3, 4}), *([f"and {more:,} more (--all shows them)"] if more else [])]
    traffic = data["traffic"]
    if data["same"] or not traffic["names"]:
        return
    population = traffic["population"]
    yield (
        f"sites, over {traffic['names']:,} names and {population['source']}",
        list(table.lines(*site_rows(traffic["sites"]), right={2, 3, 4, 5, 6, 7})),
    )
    rows, more = country_rows(traffic["countries"], few, supposed=True)
    if rows:
        told = [*table.lines(country_head(), rows, right={2, 3}), *([f"and {more} more (--all shows them)"] if more else [])]
        yield "countries", told


def _changes(told: Mapping[str, Any], few: int) -> Iterator[tuple[str, list[str]]]:
    if found := [f"{_MARKS[what]} {apex}" for what in ("added", "removed") for apex in told["zones"][what]]:
        yield "zones", found
    if found := list(_names(told["names"], few)):
        yield "names", found
    for things in _THINGS:
        if found := list(_things(told[things])):
            yield things, found


def _names(told: Mapping[str, Any], few: int) -> Iterator[str]:
    items = told["items"] if not few else told["items"][:NAMES]
    for one in items:
        said = [_record(record) for record in one["records"]]
        if one["pool"]:
            said.append(f"pool {_reference(one['pool']['old'])} → {_reference(one['pool']['new'])}")
        yield f"{_MARKS[one['what']]} {one['name']}  {'; '.join(said)}".rstrip()
    if more := told["more"] + len(told["items"]) - len(items):
        yield f"and {more:,} more" + ("" if not few else " (--all shows them)")


def _record(one: Mapping[str, Any]) -> str:
    old, new = one["old"], one["new"]
    if old is None or new is None:
        return f"{one['type']} {_data(old or new)}"
    if old["data"] == new["data"] and old.get("pool") == new.get("pool"):
        return f"{one['type']} TTL {old['ttl']} → {new['ttl']}"
    return f"{one['type']} {_data(old)} → {_data(new)}"


def _data(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return "none"
    return f"{', '.join(one['data'])} ({one['ttl']} s)" + (f" hints from {one['pool']}" if "pool" in one else "")


def _reference(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return "none"
    return str(one["pool"]) + (f" {'/'.join(one['types'])}" if one["types"] != ["A", "AAAA"] else "") + (f" TTL {one['ttl']}" if one["ttl"] else "")


def _things(told: Mapping[str, Any]) -> Iterator[str]:
    for what in ("added", "removed"):
        yield from (f"{_MARKS[what]} {one}" for one in told[what])
    for one in told["changed"]:
        said = [f"{field['field']}: {_plain(field['old'])} → {_plain(field['new'])}" for field in one["fields"]]
        yield f"~ {one['id']}" + (f"  {'; '.join(said)}" if said else "")
        if members := one.get("members"):
            yield from (f"    {line}" for line in _things(members))
            if "order" in members:
                yield f"    ~ order: {', '.join(members['order']['old'])} → {', '.join(members['order']['new'])}"


def _answers(told: Sequence[Mapping[str, Any]], few: int) -> tuple[list[Sequence[str]], int]:
    shown = told[: few or None]
    rows: list[Sequence[str]] = [
        (
            str(one["pool"]) if one["before"] == one["pool"] else f"{one['before'] or 'static'} → {one['pool'] or 'static'}",
            ", ".join(one["types"]),
            f"{one['names']:,}",
            share(one["changed"]),
            share(one["moved"]) if one["moved"] else "",
            where(one),
            f"other TTL for {share(one['ttl'])}" if one["ttl"] else "",
        )
        for one in shown
    ]
    return rows, len(told) - len(shown)


def _plain(value: object) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_plain(one)}" for key, one in value.items()) + "}"
    return str(value)


def _unfenced(line: str) -> str:
    """Keep a line from ending the fence around it: operators' files name everything in it. Its mark comes first, so that it is coloured."""
    bare = line.replace("```", "'''")
    at = len(bare) - len(bare.lstrip())
    return bare[at : at + 1] + bare[:at] + bare[at + 1 :] if bare[at : at + 1] in ("+", "-", "~") else bare
