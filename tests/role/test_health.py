"""What a node knows of health: from its disk, from the store, and while there is neither."""

from __future__ import annotations

from pathlib import Path

from gslb.lease import Lease
from gslb.quorum import Quorum
from gslb.role.health import NOBODY, Health
from gslb.store import State as Stored
from gslb.store import last_votes
from gslb.store.last_votes import Remembered
from gslb.verdict import State, Target, Vote

ONE, TWO = Target("web", "d", "192.0.2.1"), Target("web", "d", "192.0.2.2")
LOOSE = Target("web", "d", "192.0.2.1", Quorum(keep=False, max_stale=60).key)
QUORUMS = {ONE: frozenset({ONE, LOOSE}), TWO: frozenset({TWO})}
KEYS = {ONE, LOOSE, TWO}


def vote(prober: str, state: State, target: Target = ONE, since: float = 900.0) -> Vote:
    return Vote(target, prober, state, since)


def stored(now: float, *votes: Vote, run: str = "one", silent: frozenset[str] = frozenset()) -> Stored:
    """A store at a moment, in which everybody who votes has just renewed, but for the silent ones."""
    cast: dict[Target, dict[str, Vote]] = {}
    for one in votes:
        cast.setdefault(one.target, {})[one.prober] = one
    leases = {one.prober: Lease(one.prober, one.prober, 900.0 if one.prober in silent else now) for one in votes}
    return Stored(cast, now, leases=leases, run=run)


class Node:
    def __init__(self, remembered: Remembered = Remembered()) -> None:  # noqa: B008  a constant
        self.now, self.steady = 1000.0, 5.0
        self.health = Health(remembered, self.steady)
        self.health.judge_these(QUORUMS, KEYS)

    def hears(self, *votes: Vote, after: float = 1.0, run: str = "one", silent: frozenset[str] = frozenset()) -> None:
        self.now, self.steady = self.now + after, self.steady + after
        self.health.hear(stored(self.now, *votes, run=run, silent=silent), self.steady)
        self.health.judge(self.health.all(), self.now, self.steady, everything=True)

    def is_alone(self, seconds: float) -> None:
        self.now, self.steady = self.now + seconds, self.steady + seconds
        self.health.stand(self.now, self.steady)

    def state(self, key: Target = ONE) -> State | None:
        return self.health.verdicts[key].state if key in self.health.verdicts else None


def test_the_store_away_changes_nothing_but_where_that_is_wanted() -> None:
    node = Node()
    node.hears(vote("p", State.DOWN), vote("q", State.DOWN))
    assert (node.state(), node.state(LOOSE)) == (State.DOWN, State.DOWN)
    node.is_alone(30)
    assert (node.state(), node.state(LOOSE)) == (State.DOWN, State.DOWN)
    assert node.health.verdicts[LOOSE].held
    node.is_alone(40)
    assert (node.state(), node.state(LOOSE)) == (State.DOWN, State.UNKNOWN)
    node.is_alone(86_400)
    assert (node.state(), node.state(LOOSE)) == (State.DOWN, State.UNKNOWN)
    node.hears(vote("p", State.DOWN), vote("q", State.DOWN))
    assert (node.state(), node.state(LOOSE)) == (State.DOWN, State.DOWN)


def test_all_probers_stopped_is_held_then_unknown() -> None:
    node = Node()
    votes = (vote("p", State.DOWN), vote("q", State.DOWN))
    node.hears(*votes)
    for _ in range(610):
        node.hears(*votes, silent=frozenset("pq"))
        assert node.state() is State.DOWN or node.now > 1600
    assert node.state() is State.UNKNOWN


def test_votes_that_are_gone_from_the_same_store_end_after_a_while() -> None:
    node = Node()
    node.hears(vote("p", State.DOWN))
    node.hears()
    assert node.state() is State.DOWN
    assert node.health.verdicts[ONE].reason == NOBODY
    node.hears(after=599)
    assert node.state() is State.DOWN
    node.hears(after=10)
    assert node.state() is State.UNKNOWN
    node.hears(vote("p", State.DOWN))
    assert node.state() is State.DOWN


def test_a_vote_on_what_nobody_asked_for_is_nothing() -> None:
    node = Node()
    stranger = Target("web", "d", "203.0.113.66")
    node.hears(vote("p", State.UP, stranger), vote("p", State.UP))
    node.health.judge([stranger], node.now, node.steady)
    assert node.health.verdicts.keys() == {ONE, LOOSE}


def _kept(folder: Path, votes: tuple[Vote, ...], *, wall: float = 50_000.0) -> Remembered:
    """Votes that went through the disk of a machine whose clock is another one, for 30 s."""
    leases = [(Lease(prober, "fra", 998.0), 2.0) for prober in ("p", "q", "r")]
    last_votes.save(folder, votes, wall, leases=leases, time=1000.0)
    return last_votes.load(folder, wall + 30)


def test_a_start_without_the_store(tmp_path: Path) -> None:
    remembered = _kept(tmp_path, tuple(vote(prober, State.DOWN) for prober in "pqr"))
    assert remembered.time == 1030.0
    node = Node(remembered)
    node.is_alone(1)
    assert node.state() is State.DOWN
    assert node.health.verdicts[ONE].since == 900.0
    node.is_alone(3600)
    assert node.state() is State.DOWN


def test_the_store_replaces_what_is_remembered_only_prober_by_prober(tmp_path: Path) -> None:
    """Of three that said "down" one is heard first, and says "up": that is one of three, not one of one."""
    node = Node(_kept(tmp_path, tuple(vote(prober, State.DOWN) for prober in "pqr")))
    node.hears()  # wiped
    assert node.state() is State.DOWN
    node.hears(vote("p", State.UP))
    assert (node.state(), node.health.verdicts[ONE].reason) == (State.DOWN, "2 of 3: ")
    node.hears(vote("p", State.UP), vote("q", State.UP))
    assert node.state() is State.UP
    assert node.health.votes_on(ONE)["r"].state is State.DOWN
    for _ in range(8):
        node.hears(vote("p", State.UP), vote("q", State.UP))
    assert node.health.verdicts[ONE].reason == "2 of 2: "  # nobody has heard of the third
    node.hears(vote("p", State.UP), vote("q", State.UP), vote("r", State.UP))
    assert set(node.health.votes_on(ONE)) == {"p", "q", "r"}


def test_another_run_without_votes_is_no_news() -> None:
    node = Node()
    votes = (vote("p", State.DOWN), vote("q", State.DOWN))
    node.hears(*votes)
    node.hears(*votes, run="two", silent=frozenset("pq"))  # what the ledger goes on believing
    assert not node.health.verdicts[ONE].held
    assert node.state() is State.DOWN


def test_a_prober_that_stops_is_noticed_though_nobody_says_anything() -> None:
    node = Node()
    node.hears(vote("p", State.UP), vote("q", State.UP))
    assert not node.health.stirred(node.steady)
    now = node.now
    for passed in range(1, 8):
        node.health.hear(stored(now + passed, vote("p", State.UP), vote("q", State.UP), silent=frozenset("q")), node.steady + passed)
    assert node.health.stirred(node.steady + 7)


def test_older_files_are_read(tmp_path: Path) -> None:
    last_votes.save(tmp_path, [vote("p", State.DOWN)], 1000.0)
    remembered = last_votes.load(tmp_path, 1010.0)
    assert remembered.time == 1010.0
    node = Node(remembered)
    node.is_alone(1)
    assert node.state() is State.DOWN
