"""A pool's `policy:` — a preset's name, a preset with options, or a chain of filters.

Called by `pools`; gives `model.Policy` with presets spelled out, and how many answers it gives. Filters and presets, their options and
rules come from `gslb.policy`; nothing about any one of them is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gslb.config import options, picks
from gslb.config.checks import complain
from gslb.config.document import Node
from gslb.config.later import LATER_FILTERS, LATER_PRESETS
from gslb.config.words import kind, meant
from gslb.errors import Problems
from gslb.model import FilterSpec, Site
from gslb.option import Complaint
from gslb.policy import FILTERS, PICK_OPTIONS, PRESETS, Beside, Expanded, chain, expand, filter_named


class Scene(NamedTuple):
    """Where the policy stands: the sites of the pool's members, and what the pool is called in messages."""

    sites: Mapping[str, Site]
    problems: Problems
    what: str


def read(node: Node | None, beside: Beside, scene: Scene) -> Expanded:
    """Read a policy; none is `all`. A wrong one is a problem, and stands for `all`."""
    rest = beside._asdict()
    if node is None:
        return expand("all", **rest)
    if isinstance(node.value, list):
        return chain(_chain(node, scene), **rest)
    if isinstance(node.value, str):
        expanded = expand(node.value if _is_preset(node, scene) else "all", **rest)
        for spec in expanded.policy.filters:
            complain(node, _complaints(spec, scene.sites), scene.problems, f"policy of {scene.what}")
        return expanded
    if not isinstance(node.value, dict):
        scene.problems.error(
            "C016", f"policy of {scene.what} is {kind(node.value)}", node.where, "a preset's name, {preset: NAME, …}, or a list of filters"
        )
        return expand("all", **rest)
    name = node.get("preset")
    if name is None:
        scene.problems.error(
            "C016", f"policy of {scene.what} is a mapping without `preset`", node.where, "a chain of filters is a list: [{geo: {…}}, {limit: {…}}]"
        )
        return expand("all", **rest)
    if not _is_preset(name, scene):
        return expand("all", **rest)
    preset = PRESETS[name.value]
    before = len(scene.problems.found)
    given = options.read(node, preset.options, scene.problems, what=f"policy {preset.name!r} of {scene.what}", beside=("preset",), fill=False)
    if preset.pick in PICK_OPTIONS:
        picks.judge(node, given, scene.problems, f"policy of {scene.what}")
    expanded = expand(preset.name, given, **rest)
    if len(scene.problems.found) == before:
        for spec in expanded.policy.filters:
            complain(node, _complaints(spec, scene.sites), scene.problems, f"policy of {scene.what}")
    return expanded


def _is_preset(node: Node, scene: Scene) -> bool:
    name = node.value
    if isinstance(name, str) and name in PRESETS:
        return True
    if name in LATER_PRESETS:
        scene.problems.error("C018", f"policy of {scene.what}: preset {name!r} is not there yet", node.where, LATER_PRESETS[name])
    elif isinstance(name, str) and filter_named(name) is not None:
        scene.problems.error(
            "C014", f"policy of {scene.what}: {name!r} is a filter, not a preset", node.where, f"a chain of filters is a list: [{name}]"
        )
    else:
        scene.problems.error("C014", f"policy of {scene.what}: unknown preset {node.text!r}", node.where, meant(node.text, PRESETS))
    return False


def _chain(node: Node, scene: Scene) -> list[FilterSpec]:
    """Read a chain: names, or mappings of one name to its options."""
    specs = []
    for link in node.values():
        if isinstance(link.value, str):
            name, own = link.value, None
        elif isinstance(link.value, dict) and len(link.value) == 1:
            [(name, own)] = link.items()
        else:
            found = f"a mapping of {len(link.value)} keys" if isinstance(link.value, dict) else kind(link.value)
            scene.problems.error("C016", f"policy of {scene.what}: {found} is no filter", link.where, "a filter's name, or {NAME: {options}}")
            continue
        found_filter = filter_named(name)
        if found_filter is None:
            _unknown(name, link if own is None else own, scene)
            continue
        specs.append(_filter(name, link, own, scene))
    if not node.value:
        scene.problems.error("C017", f"policy of {scene.what} is an empty list", node.where, "name a preset or at least one filter")
    return specs


def _filter(name: str, link: Node, own: Node | None, scene: Scene) -> FilterSpec:
    """Read one filter's options and let it judge them."""
    title = f"filter {name!r} of {scene.what}"
    given: dict[str, Any] = {}
    before = len(scene.problems.found)
    if own is not None and own.value is not None:
        if not options.mapping(own, scene.problems, f"options of {title}"):
            return FilterSpec(name, {}, link.where)
        found = filter_named(name)
        assert found is not None  # the caller looked
        given = options.read(own, found.options, scene.problems, what=title, fill=False)
    spec = FilterSpec(name, given, link.where)
    if len(scene.problems.found) == before:
        complain(own if own is not None and isinstance(own.value, dict) else link, _complaints(spec, scene.sites), scene.problems, title)
    return spec


def _complaints(spec: FilterSpec, sites: Mapping[str, Site]) -> Iterable[Complaint]:
    found = filter_named(spec.name)
    assert found is not None  # specs are only made of names that were found
    return found.problems(spec.options, sites)


def _unknown(name: str, node: Node, scene: Scene) -> None:
    if name in LATER_FILTERS:
        scene.problems.error("C018", f"policy of {scene.what}: filter {name!r} is not there yet", node.key_where, LATER_FILTERS[name])
    elif name in PRESETS:
        scene.problems.error(
            "C013", f"policy of {scene.what}: {name!r} is a preset, not a filter", node.key_where, f"write policy: {name}, without the list"
        )
    else:
        scene.problems.error("C013", f"policy of {scene.what}: unknown filter {name!r}", node.key_where, meant(name, FILTERS))
