"""A pool's `pick:` — a name, or `{sticky: {…}}` with what an answer sticks to.

Called by `pools`. The picks and their options come from `gslb.policy`.
"""

from __future__ import annotations

from typing import Any

from gslb.config import options
from gslb.config.document import Node
from gslb.config.words import kind, meant
from gslb.errors import Problems
from gslb.policy import PICK_OPTIONS, PICKS

Pick = tuple[str | None, dict[str, Any] | None]  # its name, and its options; None = not said, or wrong


def read(node: Node | None, problems: Problems, what: str) -> Pick:
    """Read a pick; a wrong one is a problem."""
    if node is None:
        return None, None
    if isinstance(node.value, dict) and len(node.value) == 1:
        [(name, own)] = node.items()
        if name in PICK_OPTIONS:
            return name, _options(name, own, problems, f"pick {name!r} of {what}")
    if isinstance(node.value, str):
        if node.value in PICKS:
            return node.value, None
        problems.error("C005", f"unknown pick {node.value!r} of {what}", node.where, meant(node.value, PICKS))
    else:
        problems.error(
            "C004", f"pick of {what} cannot be {kind(node.value)} like this", node.where, f"one of {', '.join(PICKS)}, or {{sticky: {{…}}}}"
        )
    return None, None


def judge(node: Node, given: dict[str, Any], problems: Problems, what: str) -> None:
    """Judge what the schema cannot: an answer sticks to one thing, and to the name asked for besides."""
    keys = set(given.get("key", ())) - {"qname"}
    if len(keys) > 1:
        hint = "one of them, and `qname` beside it if wanted"
        problems.error("C030", f"{what}: an answer cannot stick to {' and '.join(sorted(keys))} at once", node.child("key").where, hint)


def _options(name: str, node: Node, problems: Problems, what: str) -> dict[str, Any] | None:
    if node.value is None or not options.mapping(node, problems, what):
        return None
    given = options.read(node, PICK_OPTIONS[name], problems, what=what, fill=False)
    judge(node, given, problems, what)
    return given
