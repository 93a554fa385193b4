"""Quorums as words: how many are needed, and their text."""

from __future__ import annotations

import pytest

from gslb import quorum
from gslb.quorum import Quorum
from gslb.verdict import Target


@pytest.mark.parametrize(
    ("one", "needed"),
    [
        (Quorum(), [1, 2, 2, 3, 3]),
        (Quorum("any"), [1, 1, 1, 1, 1]),
        (Quorum("all"), [1, 2, 3, 4, 5]),
        (Quorum("at_least", 3), [1, 2, 3, 3, 3]),
        (Quorum("percent", 18), [1, 1, 1, 1, 1]),
        (Quorum("percent", 60), [1, 2, 2, 3, 3]),
        (Quorum("percent", 100), [1, 2, 3, 4, 5]),
        (Quorum("places"), [1, 2, 2, 3, 3]),
    ],
)
def test_how_many_are_needed(one, needed):
    assert [one.needed(opinions) for opinions in range(1, 6)] == needed
    assert one.needed(0) == 1, "nobody takes nothing down"


@pytest.mark.parametrize("one", [Quorum(), Quorum("at_least", 2), Quorum("places", min_votes=1, max_stale=90.5, keep=False), Quorum("percent", 18)])
def test_text_and_back(one):
    assert quorum.of(one.key) == one
    assert (one.key == "") is (one == quorum.DEFAULT)


@pytest.mark.parametrize("text", ["most", "most/1/2/3/1", "any/x/0/600/1", "any/0/0/600"])
def test_other_texts_are_refused(text):
    with pytest.raises(ValueError):
        quorum.of(text)


def test_what_is_probed_has_no_quorum():
    target = Target("web", "d", "192.0.2.1")
    assert target.probed is target
    assert Target("web", "d", "192.0.2.1", Quorum("any").key).probed == target
