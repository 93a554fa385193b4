"""What an expression of PromQL names: enough of the language to find metrics and labels in dashboards and rules."""

from __future__ import annotations

import re
from typing import NamedTuple

_WORDS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset", "inf", "nan"})
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*\{([^{}]*)\}")
_ENDS = ("_bucket", "_sum", "_count")


class Named(NamedTuple):
    """A metric with the labels that are asked of it; labels of groupings are asked of every metric of the expression."""

    metrics: dict[str, set[str]]
    grouped: set[str]


def named(expression: str) -> Named:
    """Find them. Raises ValueError for parentheses that do not match."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    for pair in ("()", "{}", "[]"):
        if text.count(pair[0]) != text.count(pair[1]):
            raise ValueError(f"unbalanced {pair}: {expression}")
    text = re.sub(r"\[[^\[\]]*\]", "", text)
    metrics: dict[str, set[str]] = {}
    for metric, matchers in _SELECTOR.findall(text):
        labels = {re.split(r"=~|!~|!=|=", one)[0].strip() for one in matchers.split(",") if one.strip()}
        metrics.setdefault(metric, set()).update(labels)
    grouped = {label.strip() for labels in _GROUPING.findall(text) for label in labels.split(",") if label.strip()}
    text = _GROUPING.sub("", _SELECTOR.sub(lambda match: match.group(1) or "", text))
    for word, paren in re.findall(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\()?", text):
        if not paren and word not in _WORDS:
            metrics.setdefault(word, set())
    return Named(metrics, grouped)


def base(metric: str) -> str:
    """Return a histogram's own name for one of its series."""
    return next((metric.removesuffix(end) for end in _ENDS if metric.endswith(end)), metric)
