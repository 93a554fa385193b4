"""A thousand fault histories: sites die, probers are cut off, go blind and start anew, the store forgets, hangs and goes back in time, nodes restart.

Real counters, real records, the real ledger and the real judge on a clock that is told to move; the store and the network are false. Each history is
drawn from its seed, and what must hold is looked at after every second of it.
"""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations
from typing import Final

import pytest

from gslb.check.observation import Observation, Result
from gslb.check.opinion import Opinion
from gslb.lease import RENEW, Lease
from gslb.model import Check
from gslb.quorum import Quorum
from gslb.role.health import Health
from gslb.store.batch import lease_content, votes_content
from gslb.store.envelope import Header, Unsigned, seal
from gslb.store.identity import Identity
from gslb.store.last_votes import Remembered
from gslb.store.ledger import Ledger, Records
from gslb.verdict import State, Target, Verdict

HISTORIES: Final = 1000
BLOCKS: Final = 10
SECONDS: Final = 30  # of one history; as many again, calm, for what must then be the same everywhere
QUIET: Final = 12
CHECK: Final = Check("web", "tcp", {}, 1.0, 0.5, 2, 10, 2, "d")
TARGETS: Final = (Target("web", "d", "192.0.2.1"), Target("web", "d", "192.0.2.2"))
PLACES: Final = Quorum("places").key
QUORUMS: Final = {target: frozenset({target, replace(target, quorum=PLACES)}) for target in TARGETS}
KEYS: Final = [key for keys in QUORUMS.values() for key in keys]
SEEN: Final = {result: Observation(result, 0.01, result.value) for result in Result}


class Prober:
    """Counts what it sees, and writes records as a prober does."""

    def __init__(self, name: str, place: str, now: float) -> None:
        self.name, self.place = name, place
        self.lives = self.sees = True
        self.cut_off = False  # from the store
        self.start(now)

    def start(self, now: float) -> None:
        self.epoch, self.sequence, self.renewals, self.run = int(now * 1000), 0, 0, ""
        self.opinions = {target: Opinion.new(target, CHECK, self.name) for target in TARGETS}

    def look(self, up: dict[Target, bool], now: float) -> None:
        for target, opinion in self.opinions.items():
            result = Result.UNKNOWN if not self.sees else Result.OK if up[target] else Result.FAIL
            self.opinions[target] = opinion.after(SEEN[result], now)

    def write(self, store: Store) -> None:
        """Renew, and write all votes anew where they or the store have changed."""
        votes = [opinion.vote for opinion in self.opinions.values() if opinion.vote]
        signer = Unsigned(self.name)
        if store.votes.get(self.name, (None, None))[1] != votes or store.run != self.run:
            self.sequence += 1
            self.run = store.run
            record = seal(Header("all", "", "", self.epoch, self.sequence, 0, 1), votes_content(votes), signer)
            store.votes[self.name] = {"a0": record}, votes
        self.renewals += 1
        lease = Lease(self.name, self.place, store.time, epoch=self.epoch, sequence=self.sequence)
        store.leases[self.name] = seal(Header("lease", "", "", self.epoch, self.renewals), lease_content(lease, ()), signer)


class Store:
    """Octets, a clock and a run."""

    def __init__(self) -> None:
        self.time, self.runs, self.there = 1_800_000_000.0, 1, True
        self.leases: dict[str, bytes] = {}
        self.votes: dict[str, tuple[dict[str, bytes], list[object]]] = {}
        self.saved = ({}, {})

    @property
    def run(self) -> str:
        return f"run {self.runs}"

    def records(self) -> Records:
        return Records(self.time, self.run, dict(self.leases), {name: fields for name, (fields, _) in self.votes.items()})

    def restart(self, *, saved: bool) -> None:
        """Come back empty, or as it was saved some time ago."""
        self.runs += 1
        self.leases, self.votes = (dict(self.saved[0]), dict(self.saved[1])) if saved else ({}, {})


class Node:
    """Believes, judges, remembers, as control does."""

    def __init__(self, name: str) -> None:
        self.name, self.reaches = name, True
        self.begin(Remembered(), 0.0)

    def begin(self, remembered: Remembered, steady: float) -> None:
        self.ledger = Ledger(Identity(self.name))
        self.health = Health(remembered, steady)
        self.health.judge_these(QUORUMS, KEYS)
        self.ahead = 0.0

    def restart(self, steady: float) -> None:
        """Start anew with what is on the disk."""
        votes = tuple(vote for cast in self.health.votes.values() for vote in cast.values() if vote.state is not State.UNKNOWN)
        voters, leases = self.health.voters(steady) or {}, self.health.clock.leases
        self.begin(Remembered(votes, leases=tuple((leases[name], voter.age) for name, voter in voters.items())), steady)

    def second(self, store: Store, steady: float) -> None:
        if not (store.there and self.reaches):
            self.health.stand(steady + self.ahead, steady)
            return
        self.ledger.take_all(store.records())
        self.ahead = store.time - steady
        self.health.hear(self.ledger.state(store.time, store.run), steady)
        self.health.judge(self.health.all(), store.time, steady, everything=True)


class History:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.steady = 1000.0
        self.store = Store()
        self.probers = [Prober(f"p{n}", ("fra", "iad", "sin", "fra")[n], self.store.time) for n in range(self.chance.randint(1, 4))]
        self.nodes = [Node("ns1"), Node("ns2"), Node("ns3")]
        self.up = dict.fromkeys(TARGETS, True)
        self.flips: dict[tuple[str, Target], list[float]] = {}
        self.told: list[str] = []

    def run(self) -> None:
        for second in range(SECONDS):
            if second > 3 and self.chance.random() < 0.35:
                self.befall()
            self.second()
        self.calm()
        for _ in range(QUIET):
            self.second()
        self.agree()

    def befall(self) -> None:
        """Let something happen to somebody."""
        what = self.chance.choice(
            ("site", "site", "dies", "starts", "blind", "cut off", "wiped", "rolled back", "saved", "away", "clock", "node cut off", "node restarts")
        )
        prober, node = self.chance.choice(self.probers), self.chance.choice(self.nodes)
        self.told.append(f"{self.steady:.0f} {what}")
        match what:
            case "site":
                target = self.chance.choice(TARGETS)
                self.up[target] = not self.up[target]
            case "dies":
                prober.lives = False
            case "starts":
                prober.lives = True
                prober.start(self.store.time)
            case "blind":
                prober.sees = not prober.sees
            case "cut off":
                prober.cut_off = not prober.cut_off
            case "wiped" | "rolled back":
                self.store.restart(saved=what == "rolled back")
            case "saved":
                self.store.saved = dict(self.store.leases), dict(self.store.votes)
            case "away":
                self.store.there = not self.store.there
            case "clock":
                self.store.runs += 1
                self.store.time += 30.0  # five times as long as leases last; what is dated by it grows older, so not ten minutes in all
            case "node cut off":
                node.reaches = not node.reaches
            case "node restarts":
                node.restart(self.steady)

    def second(self) -> None:
        self.steady, self.store.time = self.steady + RENEW, self.store.time + RENEW
        for prober in self.probers:
            if prober.lives:
                before = {target: opinion.state for target, opinion in prober.opinions.items()}
                prober.look(self.up, self.store.time)
                self.no_vote_flips_too_fast(prober, before)
                if self.store.there and not prober.cut_off:
                    prober.write(self.store)
        for node in self.nodes:
            before = dict(node.health.verdicts)
            node.second(self.store, self.steady)
            self.every_flip_has_its_votes(node, before)

    def calm(self) -> None:
        """Mend everything."""
        self.store.there = True
        for node in self.nodes:
            node.reaches = True
        for prober in self.probers:
            prober.sees, prober.cut_off = True, False
            if not prober.lives:
                prober.lives = True
                prober.start(self.store.time)

    # --- what must hold

    def no_vote_flips_too_fast(self, prober: Prober, before: dict[Target, State]) -> None:
        """From up to down and back takes two results each, a second apart, unless the prober has only just started."""
        for target, opinion in prober.opinions.items():
            was = before[target]
            if opinion.state is not was and was is not State.UNKNOWN:
                flips = self.flips.setdefault((f"{prober.name}/{prober.epoch}", target), [])
                assert not flips or self.steady - flips[-1] >= min(CHECK.down, CHECK.up) * CHECK.interval
                flips.append(self.steady)

    def every_flip_has_its_votes(self, node: Node, before: dict[Target, Verdict]) -> None:
        """A verdict becomes "down" only by fresh votes that say so, and changes sides only as fresh votes do; unknown follows from silence alone."""
        voters = node.health.voters(self.steady) or {}
        for key, verdict in node.health.verdicts.items():
            was = before.get(key)
            if was is not None and was.state is verdict.state:
                continue
            cast = node.health.votes_on(key)
            fresh = [vote for name, vote in cast.items() if name in voters and voters[name].fresh and vote.state is not State.UNKNOWN]
            if verdict.state is State.DOWN:
                assert sum(vote.state is State.DOWN for vote in fresh) * 2 > len(fresh) or key.quorum
                assert any(vote.state is State.DOWN for vote in fresh)
            elif verdict.state is State.UP:
                assert any(vote.state is State.UP for vote in fresh)
            else:
                assert was is None, "no silence has lasted ten minutes here"

    def agree(self) -> None:
        """After a calm all nodes judge alike, and as the sites are."""
        for one, other in combinations(self.nodes, 2):
            assert dict(one.health.votes) == dict(other.health.votes)
            assert one.health.verdicts == other.health.verdicts
        for key, verdict in self.nodes[0].health.verdicts.items():
            assert not verdict.held
            assert (verdict.state is State.UP) == self.up[key.probed]
        assert self.nodes[0].health.verdicts.keys() == set(KEYS)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_what_must_hold_holds_in_a_thousand_histories(block: int) -> None:
    for seed in range(block * HISTORIES // BLOCKS, (block + 1) * HISTORIES // BLOCKS):
        history = History(seed)
        try:
            history.run()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}; {', '.join(history.told)}") from error
