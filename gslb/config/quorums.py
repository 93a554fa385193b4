"""`quorum:` of a pool and what belongs to it: how many probers must say that a member is down, and what holds while too few are heard.

    quorum: majority                         any, all, places; {at_least: 2}; {percent: 60}
    min_votes: 2                             below so many the verdict is held
    max_stale: 10m                           what is held so long becomes unknown, which is served
    when_stale: keep                         or unknown: the store out of reach counts as no news, too

Called by `pools`; gives the key that all members of the pool bear.
"""

from __future__ import annotations

from typing import Any, Final

from gslb.config.document import Node
from gslb.config.words import kind, shown
from gslb.errors import Problems
from gslb.option import Kind, Option
from gslb.quorum import MAX_STALE, Quorum

KEYS: Final = {
    "quorum": Option(
        Kind.ANY, "probers that must say so before a member is down: majority, any, all, places, {at_least: N} or {percent: P}", "majority"
    ),
    "min_votes": Option(Kind.INTEGER, "probers that must be heard, or the verdict is held; 0: two where two or more probe the member", 0, 0, 100),
    "max_stale": Option(Kind.DURATION, "time after which a verdict that is held becomes unknown, which is served", MAX_STALE, 10, 604_800),
    "when_stale": Option(
        Kind.STRING, "while the store is out of reach: `keep` verdicts, or let them become `unknown`, too", "keep", choices=("keep", "unknown")
    ),
}

_WORDS: Final = ("majority", "any", "all", "places")
_COUNTED: Final = {"at_least": (1, 100), "percent": (1, 100)}
_HINT: Final = "write majority, any, all, places, {at_least: 2} or {percent: 60}"


def read(node: Node, given: dict[str, Any], problems: Problems, what: str) -> str:
    """Read a pool's quorum; return its key. `given`: the pool's options as read."""
    mode, count = _mode(node.get("quorum"), problems, what)
    keep = given.get("when_stale", "keep") == "keep"
    return Quorum(mode, count, given.get("min_votes", 0), given.get("max_stale", MAX_STALE), keep).key


def _mode(node: Node | None, problems: Problems, what: str) -> tuple[str, int]:
    if node is None:
        return "majority", 0
    value = node.value
    if isinstance(value, str) and value in _WORDS:
        return value, 0
    if isinstance(value, dict) and len(value) == 1 and (mode := next(iter(value))) in _COUNTED:
        child = node.child(mode)
        low, high = _COUNTED[mode]
        if type(child.value) is int and low <= child.value <= high:
            return mode, child.value
        problems.error("C032", f"{mode} in quorum of {what} is {shown(child.value)}; from {low} to {high} is allowed", child.where, _HINT)
        return "majority", 0
    said = shown(value) if isinstance(value, str) else kind(value)
    problems.error("C032", f"quorum of {what} cannot be {said}", node.where, _HINT)
    return "majority", 0
