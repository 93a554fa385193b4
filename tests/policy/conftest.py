"""Candidates in one line: `people("fra iad:down sin*3")` and their ids back."""

from collections.abc import Callable, Iterable

import pytest

from gslb.policy.candidate import Candidate
from gslb.verdict import State


def _candidates(text: str) -> tuple[Candidate, ...]:
    """Read `SITE[/ID][*WEIGHT][@PRIORITY][:STATE]`, a site of `-` meaning none."""
    found = []
    for index, word in enumerate(text.split()):
        rest, _, state = word.partition(":")
        rest, _, priority = rest.partition("@")
        rest, _, weight = rest.partition("*")
        site, _, name = rest.partition("/")
        found.append(
            Candidate(
                name or site,
                index,
                None if site == "-" else site,
                int(weight or 1),
                int(priority) if priority else None,
                State[state.upper() or "UP"],
            )
        )
    return tuple(found)


@pytest.fixture
def people() -> Callable[[str], tuple[Candidate, ...]]:
    return _candidates


@pytest.fixture
def ids() -> Callable[[Iterable[Candidate]], str]:
    return lambda candidates: " ".join(c.id for c in candidates)
