"""What a site says of itself, and what a prober makes of it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from gslb.check.board import REMEMBERED, STALE, Board
from gslb.check.observation import Result
from gslb.check.once import build
from gslb.check.push import Push
from gslb.config.checks import define
from gslb.config.document import Document, Node
from gslb.store import Push as Word
from gslb.store import Pushed

HERE = ip_address("192.0.2.1")
APP = define("app", "push", {"sites": ["fra", "iad"]}, Node(Document(""), None, 0, 0))


class Steady:
    """A clock that stands until it is moved."""

    now = 50.0

    def __call__(self):
        return self.now


@pytest.fixture
def steady():
    return Steady()


@pytest.fixture
def board(steady):
    return Board(steady)


@pytest.fixture
def look(board):
    check = build(APP, programs=False, board=board)
    assert isinstance(check, Push)

    async def looked():
        seen = await check.observe(HERE)
        return seen.result, seen.grade

    return looked


def said(*words, now=100.0, run="r1"):
    return Pushed(now, run, {(one.registrant, one.key): one for one in words})


def word(by="fra", *, at=100.0, lasts=30.0, check="app", grade=100, address="192.0.2.1"):
    return Word(by, address, at, at + lasts, check=check, grade=grade)


async def test_a_lease_that_lasts(board, look):
    board.hear(said(word(grade=70)))
    assert await look() == (Result.OK, 70)
    board.hear(said(word(at=110.0, grade=0)))
    assert (await look())[0] is Result.FAIL


@pytest.mark.parametrize("other", [word("mallory"), word(check="web"), word(address="192.0.2.2")])
async def test_words_of_others_or_on_others_do_not_count(board, look, other):
    board.hear(said(other))
    assert (await look())[0] is Result.UNKNOWN


async def test_of_several_sites_the_one_that_lasts_longest(board, look):
    board.hear(said(word("fra", grade=0), word("iad", lasts=40.0, grade=50)))
    assert await look() == (Result.OK, 50)


async def test_a_lease_that_has_ended(board, look, steady):
    board.hear(said(word()))
    board.hear(said(now=129.0 + 2))
    assert (await look())[0] is Result.FAIL
    board.hear(said(word(at=140.0), now=140.0))
    assert (await look())[0] is Result.OK
    steady.now += STALE - 1
    assert (await look())[0] is Result.OK


async def test_a_lease_ends_between_two_readings(board, look, steady):
    board.hear(said(word(lasts=5.0)))
    steady.now += 6.0
    assert (await look())[0] is Result.FAIL


async def test_a_word_that_was_taken_back(board, look):
    board.hear(said(word()))
    board.hear(said(now=110.0))
    assert (await look())[0] is Result.FAIL


async def test_never_down_for_want_of_a_store(board, look, steady):
    assert (await look())[0] is Result.UNKNOWN, "nothing heard yet"
    board.hear(said(word()))
    steady.now += STALE + 30
    assert (await look())[0] is Result.UNKNOWN, "out of reach"
    board.hear(said(now=110.0, run="r2"))
    assert (await look())[0] is Result.OK, "a store that was wiped has taken nothing back"
    board.hear(said(now=140.0, run="r2"))
    assert (await look())[0] is Result.UNKNOWN, "and ends nothing"
    board.hear(said(word(at=150.0), now=150.0, run="r2"))
    board.hear(said(now=190.0, run="r2"))
    assert (await look())[0] is Result.FAIL


async def test_old_words_are_let_go(board, look):
    board.hear(said(word()))
    board.hear(said(now=131.0 + REMEMBERED))
    assert (await look())[0] is Result.UNKNOWN


async def test_without_a_prober_nobody_hears():
    seen = await Push("app", ("fra",)).observe(HERE)
    assert seen.result is Result.UNKNOWN
