"""`check:` of a pool or member: one check, several that must all pass, or some of several.

    check: web                               it must pass
    check: [web, db]                         both must
    check: {any: [web, db]}                  one is enough
    check: {at_least: 2, of: [a, b, c]}      two are

Called by `pools` and `members`. Whether the checks exist is lint's business.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from gslb.config import options
from gslb.config.document import Node
from gslb.config.words import kind
from gslb.errors import Problems
from gslb.option import Kind, Option

DOC: Final = "check, or list of checks that must all pass, or {any: [a, b]}, or {at_least: 2, of: [a, b, c]}"

_NAMES: Final = Option(Kind.STRINGS, "check, or list of checks")
_HINT: Final = "write a, [a, b], {any: [a, b]} or {at_least: 2, of: [a, b, c]}"
_SHAPES: Final = ({"all"}, {"any"}, {"at_least", "of"})


class Requirement(NamedTuple):
    """Ids of checks, and how many of them must pass; 0 = all."""

    checks: tuple[str, ...] = ()
    need: int = 0


def read(node: Node | None, problems: Problems, what: str) -> Requirement | None:
    """Read one; None where it is not given. What is wrong is a problem, and nothing is required then."""
    if node is None or node.value is None:
        return None
    if not isinstance(node.value, dict):
        return Requirement(_names(node, problems, what))
    if set(node.value) not in _SHAPES:
        problems.error("C031", f"{what}: this mapping says not which checks must pass", node.where, _HINT)
        return Requirement()
    empty = next((child for _, child in node.items() if child.value == []), None)
    if empty:
        problems.error("C017", f"{what} lists no check", empty.where, _HINT)
        return Requirement()
    if "at_least" not in node.value:
        ((mode, child),) = node.items()
        return Requirement(_names(child, problems, what), 1 if mode == "any" else 0)
    return _some(node.child("at_least"), _names(node.child("of"), problems, what), problems, what)


def _some(node: Node, checks: tuple[str, ...], problems: Problems, what: str) -> Requirement:
    count: Any = node.value
    if type(count) is not int:
        problems.error("C031", f"{what}: at_least must be a whole number, not {kind(count)}", node.where, _HINT)
    elif checks and not 1 <= count <= len(checks):
        problems.error("C031", f"{what}: at_least {count} of {len(checks)} checks can never be met or missed", node.where, _HINT)
    else:
        return Requirement(checks, count)
    return Requirement(checks)


def _names(node: Node, problems: Problems, what: str) -> tuple[str, ...]:
    found: list[str] | None = options.accept(node, _NAMES, problems, what)
    return tuple(dict.fromkeys(found or ()))
