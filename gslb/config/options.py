"""Judges a mapping against a table of options: the one way sites, checks, members, pools, filters and presets are read.

The tables are data (`gslb.option`), so the JSON Schema and the docs come from the same source. Every mistake is a Problem at the place of
the key or value; what is returned holds only accepted values, defaults filled in.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from gslb.config import durations
from gslb.config.document import Node
from gslb.config.words import kind, meant, misspelt, shown
from gslb.errors import Problems
from gslb.option import REQUIRED, Kind, Option


def read(
    node: Node, table: Mapping[str, Option], problems: Problems, *, what: str, beside: Mapping[str, Any] | Iterable[str] = (), fill: bool = True
) -> dict[str, Any]:
    """Read a mapping's options. Keys in `beside` belong to someone else and are left alone; the table's "*" is for all keys not named.

    A wrong value or a missing required one is a problem, and absent from the result, so that callers can go on. `fill`: add defaults.
    """
    others = set(beside)
    rest = table.get("*")
    accepted: dict[str, Any] = {}
    unknown: list[str] = []
    for key, child in node.items():
        option = table.get(key) or (rest if key not in others else None)
        if option is not None:
            value = accept(child, option, problems, f"{key!r} of {what}")
            if value is not None:
                accepted[key] = value
        elif key not in others:
            unknown.append(key)
            problems.error("C002", f"unknown key {key!r} in {what}", child.key_where, meant(key, {*table, *others}))
    for key, option in table.items():
        if key in node.value or key == "*":
            continue
        if option.default is REQUIRED and misspelt(key, unknown):
            continue  # one mistake, told once
        if option.default is REQUIRED:
            problems.error("C003", f"{what} has no {key!r}", node.where, option.doc)
        elif fill and option.default is not None:
            accepted[key] = option.default
    return accepted


def mapping(node: Node, problems: Problems, what: str) -> bool:
    """Whether the node is a mapping; a problem if not."""
    if isinstance(node.value, dict):
        return True
    problems.error("C001", f"{what} must be a mapping (key: value), not {kind(node.value)}", node.where)
    return False


def accept(node: Node, option: Option, problems: Problems, what: str) -> Any:
    """Judge one value by its option; None (and a problem) where it is wrong."""
    try:
        value = _of_kind(node, option.kind)
    except ValueError as error:
        problems.error("C006" if option.kind is Kind.DURATION else "C004", f"{what}: {error}", node.where, option.doc)
        return None
    low, high = option.minimum, option.maximum
    if isinstance(value, int | float) and ((low is not None and value < low) or (high is not None and value > high)):
        problems.error("C005", f"{what} is {node.text}; {_bounds(option)}", node.where, option.doc)
        return None
    if option.choices:
        for one in [value] if isinstance(value, str) else value:
            if one not in option.choices:
                problems.error("C005", f"{what}: {shown(one)} is not allowed", node.where, meant(str(one), option.choices))
                return None
    return value


def _of_kind(node: Node, wanted: Kind) -> Any:
    value = node.value
    if wanted is Kind.DURATION:
        return durations.seconds(value)
    if wanted is Kind.INTEGER and type(value) is int:
        return value
    if wanted is Kind.NUMBER and type(value) in (int, float) and math.isfinite(value):
        return value
    if wanted is Kind.BOOLEAN and type(value) is bool:
        return value
    if wanted is Kind.STRING and (isinstance(value, str) or type(value) in (int, float)):
        return node.text  # `host: 1.10` means those four characters
    if wanted in (Kind.STRINGS, Kind.SITES):
        return _texts(node)
    if wanted is Kind.MAPPING and isinstance(value, dict):
        return value
    if wanted is Kind.ANY and value is not None:
        return value
    words = {Kind.INTEGER: "a whole number", Kind.NUMBER: "a number", Kind.BOOLEAN: "true or false", Kind.STRING: "text", Kind.MAPPING: "a mapping"}
    raise ValueError(f"must be {words.get(wanted, 'a value')}, not {kind(value)}")


def _texts(node: Node) -> list[str]:
    """Read a list of texts; one text stands for a list of one."""
    if isinstance(node.value, list):
        out = []
        for child in node.values():
            if isinstance(child.value, dict | list | bool) or child.value is None:
                raise ValueError(f"must be a list of texts; one item is {kind(child.value)}")
            out.append(child.text)
        return out
    if isinstance(node.value, str) or type(node.value) in (int, float):
        return [node.text]
    raise ValueError(f"must be text or a list of texts, not {kind(node.value)}")


def _bounds(option: Option) -> str:
    low, high = (None if bound is None else str(int(bound)) if bound == int(bound) else str(bound) for bound in (option.minimum, option.maximum))
    unit = " seconds" if option.kind is Kind.DURATION else ""
    if low is not None and high is not None:
        return f"from {low} to {high}{unit} is allowed"
    return f"at least {low}{unit} is allowed" if low is not None else f"at most {high}{unit} is allowed"
