"""The words of examples: what an operator writes, and what is answered. Filters carry one; presets and picks have theirs in `examples`.

Each stands in a pool with members at fra (weight 3), iad, sjc and sin (weight 1), on a Friday at noon UTC; iad came up two minutes ago.
Examples are printed on the reference page, executed by its test, and give the laws of filters options to try.
"""

from __future__ import annotations

from typing import NamedTuple


class Shown(NamedTuple):
    """One answer: for a client there, with these sites down, groups in order (`*`: with their weights)."""

    client: str
    down: str
    answer: str


class Example(NamedTuple):
    """Keys of a pool, and what comes of them."""

    text: str
    shown: tuple[Shown, ...]
