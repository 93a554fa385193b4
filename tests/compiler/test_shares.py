"""Shares of answers equal the weights: rows as compiled, drawn 100,000 times as the data plane draws them."""

import random
from collections import Counter

import pytest

from gslb.answer.pick import pick

DRAWS = 100_000
CRITICAL = {1: 10.83, 2: 13.82, 3: 16.27}  # chi-square at p = 0.001, by degrees of freedom; the draws are fixed, so no chance is left


def chi_square(seen: Counter[str], expected: dict[str, float]) -> float:
    return sum((seen[key] - DRAWS * share) ** 2 / (DRAWS * share) for key, share in expected.items())


def draws():
    chance = random.Random(64500)
    return (chance.getrandbits(64) for _ in range(DRAWS))


@pytest.mark.parametrize(
    ("weights", "down", "shares"),
    [
        ((3, 1, 1, 1), "", {"fra": 3 / 6, "iad": 1 / 6, "sjc": 1 / 6, "sin": 1 / 6}),
        ((1, 10, 100, 1000), "", {"fra": 1 / 1111, "iad": 10 / 1111, "sjc": 100 / 1111, "sin": 1000 / 1111}),
        ((3, 1, 0, 2), "", {"fra": 3 / 6, "iad": 1 / 6, "sin": 2 / 6}),
        ((3, 1, 0, 2), "fra", {"iad": 1 / 3, "sin": 2 / 3}),
        ((0, 0, 0, 2), "sin", {"fra": 1 / 3, "iad": 1 / 3, "sjc": 1 / 3}),
        ((2**40, 2**41, 0, 0), "", {"fra": 1 / 3, "iad": 2 / 3}),
    ],
)
def test_shares_of_one_answer_match_the_weights_of_those_that_are_up(weights, down, shares, kit):
    members = [kit.member(site, weight) for site, weight in zip(kit.sites, weights, strict=True)]
    world = kit.World(kit.pool("web", members, kit.policy("weighted")))
    world.down(*(m for m in members if m.site == down))
    row = world.row()
    answers = [pick(row, draw) for draw in draws()]
    assert {len(groups) for groups in answers} == {1}
    seen = Counter(groups[0].site for groups in answers)
    assert seen.keys() == shares.keys()
    assert chi_square(seen, shares) < CRITICAL[len(shares) - 1]


def test_the_test_would_see_an_off_by_one(kit):
    """geodns gave the first record (w + 1) / (sum + 1): with these weights that is told apart."""
    members = [kit.member(site, weight) for site, weight in zip(kit.sites, (3, 1, 1, 1), strict=True)]
    row = kit.World(kit.pool("web", members, kit.policy("weighted"))).row()
    seen = Counter(pick(row, draw)[0].site for draw in draws())
    assert chi_square(seen, {"fra": 4 / 7, "iad": 1 / 7, "sjc": 1 / 7, "sin": 1 / 7}) > 100 * CRITICAL[3]


def test_two_of_three_without_replacement(kit):
    """Each pair has the chance that the explanation gives: first by weight, then by weight among the rest."""
    weights = {"fra": 3, "iad": 2, "sjc": 1}
    members = [kit.member(site, weight) for site, weight in weights.items()]
    row = kit.World(kit.pool("web", members, kit.policy("weighted", answers=2))).row()
    seen = Counter(" ".join(group.site for group in pick(row, draw)) for draw in draws())
    expected = {f"{a} {b}": wa / 6 * wb / (6 - wa) for a, wa in weights.items() for b, wb in weights.items() if a != b}
    assert seen.keys() == expected.keys()
    assert chi_square(seen, expected) < 20.52  # five degrees of freedom
