"""The ledger: what is genuine and of now is believed, in whatever order it is read; nothing else is, and all of that is counted."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb import metrics
from gslb.override import Kind, Level, Override, Withdrawal
from gslb.store import node_record
from gslb.store.changes import EVERYTHING
from gslb.store.envelope import UNSIGNED, Header, Unsigned, seal
from gslb.store.identity import Identity
from gslb.store.keys import PublicKeys
from gslb.store.ledger import KEYS, Ledger, MissingError, Records
from gslb.store.state import NodeReport, Push
from gslb.store.voices import PATIENCE
from gslb.verdict import State

_spec = importlib.util.spec_from_file_location("writers", Path(__file__).with_name("writers.py"))
writers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(writers)
A, B, C, Prober, book_record, identity, key_of, known, push, vote = (
    getattr(writers, name) for name in ("A", "B", "C", "Prober", "book_record", "identity", "key_of", "known", "push", "vote")
)

UP, DOWN = State.UP, State.DOWN
DRAIN = Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", reason="switches", since=100.0, expires=4e9)
OTHER = Override(Kind.DOWN, Level.POOL, pool="web", author="bob", reason="fire", since=105.0)


def whole(*probers, run="r1", time=11.0, **more):
    """What stands in the store."""
    return Records(time, run, {p.name: p.lease for p in probers if p.lease}, {p.name: dict(p.hash) for p in probers if p.hash}, **more)


def shown(ledger):
    return {target: {name: one.state for name, one in by.items()} for target, by in ledger.state(0.0, "r1").votes.items()}


@pytest.fixture(autouse=True, scope="module")
def quiet():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gslb.log.warning", lambda _event, **_fields: None)
        yield


@pytest.fixture
def pen():
    return key_of("p1")


@pytest.fixture
def node(pen, tmp_path):
    """A nameserver that believes p1, and asks."""
    ledger = Ledger(identity(tmp_path, prober=[pen, key_of("p2")], operator=[key_of("ann")]))
    ledger.turn()
    return ledger


class TestUnsigned:
    """A lab without keys: everybody is believed, forward only all the same."""

    def test_all_words_come_through(self):
        ledger, p1, p2 = Ledger(Identity("ns1")), Prober("p1"), Prober("p2", place="iad")
        p1.rewrite((A, UP), (B, DOWN))
        p2.rewrite((A, DOWN))
        p1.renew(), p2.renew()
        beat = Push("fra", "192.0.2.1", 10.0, 40.0, check="app", grade=80)
        report = NodeReport("ns2", 10.0, "1.0", "abc", listening=("192.0.2.53:53",))
        records = whole(
            p1,
            p2,
            book=book_record(Unsigned("ann"), 7, DRAIN),
            pushes={"fra": {beat.key: push(Unsigned("fra"), beat, 1)}},
            nodes={"ns2": node_record.write(report)},
        )
        assert ledger.take_all(records) == EVERYTHING
        state = ledger.state(11.0, "r1")
        assert state.votes == {A: {"p1": vote("p1", A), "p2": vote("p2", A, DOWN)}, B: {"p1": vote("p1", B, DOWN)}}
        assert (state.overrides.version, state.overrides.standing(150.0), state.overrides.sealed) == (7, (DRAIN,), b"")
        assert {name: lease.place for name, lease in state.leases.items()} == {"p1": "fra", "p2": "iad"}
        assert state.pushes == {("fra", "app/192.0.2.1"): beat}
        assert state.nodes == {"ns2": report}
        assert (state.time, state.run) == (11.0, "r1")
        assert ledger.take_all(records) is None, "nothing new, nothing to hear of"
        assert ledger.refused == {}
        assert not ledger.state(40.0, "r1").pushes, "it has run out"

    def test_changes_follow_and_are_hinted_exactly(self):
        ledger, p1 = Ledger(Identity()), Prober()
        assert ledger.take_votes("p1", p1.rewrite((A, UP), (B, UP))) == {A, B}
        before = ledger.state(1.0, "r")
        assert ledger.take_change("p1", p1.change((A, DOWN))) == {A}
        assert ledger.take_change("p1", p1.change((C, UP), gone=[B])) == {B, C}
        assert ledger.take_change("p1", p1.change((C, UP))) is None, "said again, the same"
        assert shown(ledger) == {A: {"p1": DOWN}, C: {"p1": UP}}
        assert before.votes[A]["p1"].state is UP, "what was read does not change"
        assert ledger.state(2.0, "r").votes is ledger.state(3.0, "r").votes, "no copy where nothing has changed"
        assert ledger.take_votes("p1", p1.hash) is None

    def test_a_gap_is_missed_not_guessed(self):
        ledger, p1 = Ledger(Identity()), Prober()
        with pytest.raises(MissingError):
            ledger.take_change("p1", replay := (p1.rewrite((A, UP)), p1.change((A, DOWN)))[1])
        ledger.take_votes("p1", p1.hash)
        p1.change((A, UP))
        last = p1.change((B, UP))
        with pytest.raises(MissingError):
            ledger.take_change("p1", last)
        assert ledger.take_leases({"p1": p1.renew()}, 11.0)[1] == {"p1"}
        assert ledger.take_votes("p1", p1.hash) >= {A, B}
        assert ledger.take_leases({"p1": p1.renew()}, 12.0)[1] == frozenset()
        assert ledger.take_change("p1", replay) is None
        assert shown(ledger) == {A: {"p1": UP}, B: {"p1": UP}}
        del p1.hash["c3"]
        fresh = Ledger(Identity())
        fresh.take_votes("p1", p1.hash)
        assert shown(fresh) == {A: {"p1": DOWN}}, "what comes after a gap waits"

    def test_a_rewrite_of_one_record_needs_no_look_at_the_hash(self):
        ledger, p1 = Ledger(Identity()), Prober()
        ledger.take_votes("p1", p1.rewrite((A, UP), (B, UP)))
        assert ledger.take_change("p1", p1.rewrite((A, UP))["a0"]) == {B}
        assert ledger.take_votes("p1", p1.hash) is None
        p1.rewrite((A, UP), (B, DOWN), batch=lambda votes: [votes[:1], votes[1:]])
        with pytest.raises(MissingError):
            ledger.take_change("p1", p1.hash["a1"])

    def test_leases_are_hinted_only_where_they_say_another_thing(self):
        ledger, p1 = Ledger(Identity()), Prober()
        assert ledger.take_leases({"p1": p1.renew(10.0)}, 10.0)[0] == EVERYTHING
        ledger.take_votes("p1", p1.rewrite((A, UP)))
        assert ledger.take_leases({"p1": p1.renew(11.0)}, 11.0)[0] is None
        assert ledger.leases["p1"].at == 11.0
        assert ledger.take_leases({"p1": p1.renew(12.0, suspect="no reference answers")}, 12.0)[0] == {A}
        assert ledger.take_leases({"p1": p1.renew(13.0, suspect="no reference answers")}, 13.0)[0] is None
        assert ledger.take_leases({"p1": p1.renew(20.0, suspect="no reference answers")}, 20.0)[0] == {A}, "it had run out"

    def test_whoever_only_probes_sees_leases_without_votes(self, pen, tmp_path):
        p1 = Prober(signer=pen)
        p1.rewrite((A, UP))
        ledger = Ledger(identity(tmp_path, prober=[pen]))
        assert ledger.take_leases({"p1": p1.renew()}, 10.0)[0] == EVERYTHING
        assert ledger.leases["p1"].sequence == 1

    def test_a_prober_that_leaves_is_gone(self):
        ledger, p1, p2 = Ledger(Identity()), Prober("p1"), Prober("p2")
        for prober in (p1, p2):
            prober.rewrite((A, UP))
            prober.renew()
        old = dict(p1.hash)
        ledger.take_all(whole(p1, p2))
        assert ledger.take_leases({"p1": p1.renew(lasts=0.0)}, 11.0)[0] == {A}
        assert shown(ledger) == {A: {"p2": UP}}
        assert set(ledger.leases) == {"p2"}
        ledger.take_votes("p1", old)
        assert shown(ledger) == {A: {"p2": UP}}, "what it said is not said again"
        assert ledger.forget("p2") == {A}
        assert ledger.forget("nobody") is None
        assert not ledger.state(11.0, "r").leases

    def test_only_what_is_gone_from_the_same_store_is_gone(self):
        ledger, p1 = Ledger(Identity()), Prober()
        p1.rewrite((A, UP))
        p1.renew()
        ledger.take_all(whole(p1, book=book_record(Unsigned("ann"), 7, DRAIN)))
        assert ledger.take_all(Records(12.0, "r2")) is None, "a wiped store is no news"
        assert shown(ledger) == {A: {"p1": UP}}
        assert ledger.overrides.version == 7
        assert ledger.take_leases({}, 13.0) == (None, frozenset())
        assert ledger.take_all(Records(14.0, "r2", unread=frozenset({"p1"}))) is None, "something is there, of the wrong kind"
        assert ledger.take_all(Records(14.0, "r2")) == {A}
        assert shown(ledger) == {}

    def test_a_new_start_of_a_prober_replaces_the_old_one_without_a_gap(self):
        ledger, old, new = Ledger(Identity()), Prober(epoch=100), Prober(epoch=200)
        old.rewrite((A, DOWN), (B, UP))
        old.renew(10.0)
        ledger.take_all(whole(old))
        assert ledger.take_leases({"p1": new.renew(12.0)}, 12.0) == (None, frozenset()), "it lives, and has not looked yet"
        assert shown(ledger) == {A: {"p1": DOWN}, B: {"p1": UP}}
        assert ledger.take_votes("p1", new.rewrite((A, UP), (B, UP))) == {A}
        ledger.take_leases({"p1": new.renew(13.0)}, 13.0)
        assert ledger.leases["p1"].epoch == 200

    def test_what_an_earlier_start_said_does_not_outlive_its_lease(self):
        ledger, old, new = Ledger(Identity()), Prober(epoch=100), Prober(epoch=200)
        old.rewrite((A, DOWN))
        old.renew(10.0)
        ledger.take_all(whole(old))
        assert ledger.take_leases({"p1": new.renew(3600.0)}, 3600.0)[0] == {A}
        assert shown(ledger) == {}
        assert ledger.leases["p1"].epoch == 200

    def test_pauses_after_every_record(self):
        ledger, p1 = Ledger(Identity()), Prober()
        p1.rewrite((A, UP), (B, UP), (C, UP), batch=lambda votes: [[one] for one in votes])
        assert sum(1 for _ in ledger.steps(whole(p1))) == 3
        assert set(shown(ledger)) == {A, B, C}

    def test_what_is_not_known_is_passed_over(self):
        ledger, p1 = Ledger(Identity()), Prober()
        p1.rewrite((A, UP))
        ledger.take_votes("p1", {**p1.hash, "zstd0": b"a later version's", "ax": b"?"})
        assert (set(shown(ledger)), ledger.refused) == ({A}, {})

    def test_names_from_the_store_do_not_fill_memory(self):
        ledger = Ledger(Identity())
        for n in range(50):
            ledger.take_all(Records(1.0, "r", {f"x{n}": os.urandom(200)}, {f"y{n}": {"a0": b"?"}}))
        assert ledger.refused["format"] == 100
        assert len(ledger._voices.names) == 0


class TestForged:
    """Whatever is not genuine: refused, counted, logged once, and without any effect."""

    def believed(self, node, pen):
        p1 = Prober(signer=pen)
        p1.rewrite((A, UP), (B, UP))
        p1.renew(answers=[node.challenge])
        node.take_all(whole(p1))
        assert shown(node) == {A: {"p1": UP}, B: {"p1": UP}}
        return p1

    def test_forged_altered_unsigned_and_anothers(self, node, pen):
        p1 = self.believed(node, pen)
        before = node.state(11.0, "r1")
        forger = Prober(signer=key_of("p1"), epoch=10**15)
        unsigned = Prober(epoch=10**15)
        mallory = Prober("p9", signer=key_of("p9"), epoch=10**15)
        for false in (forger, unsigned, mallory):
            false.rewrite((A, DOWN), (C, DOWN))
            false.change((B, DOWN))
            false.renew(answers=[node.challenge])
        altered = bytearray(p1.change((A, DOWN)))
        altered[-1] ^= 1
        for reason, attack in (
            ("signer", lambda: node.take_change("p1", forger.hash["c2"])),  # by a key nobody knows
            ("unsigned", lambda: node.take_change("p1", unsigned.hash["c2"])),
            ("signer", lambda: node.take_change("p9", mallory.hash["c2"])),
            ("signer", lambda: node.take_change("p1", mallory.hash["a0"])),  # in another's place
            ("signature", lambda: node.take_change("p1", bytes(altered))),
            ("signer", lambda: node.take_all(whole(forger))),
            ("unsigned", lambda: node.take_all(whole(unsigned))),
            ("signer", lambda: node.take_leases({"p1": mallory.renew(), "p2": mallory.renew()}, 11.0)),
            ("kind", lambda: node.take_leases({"p1": p1.hash["a0"]}, 11.0)),
            ("kind", lambda: node.take_change("p1", p1.lease)),
            ("unsigned", lambda: node.take_book(book_record(Unsigned("ann"), 10**15, OTHER))),
            ("signer", lambda: node.take_book(book_record(pen, 10**15, OTHER))),  # a prober is no operator
            ("signer", lambda: node.take_book(book_record(key_of("ann"), 10**15, OTHER))),
            ("kind", lambda: node.take_book(p1.hash["a0"])),
            ("signer", lambda: node.take_push("p1", "web/192.0.2.9", push(pen, Push("p1", "192.0.2.9", 1.0, 9.0, pool="web"), 1))),
        ):
            counts = node.refused.get(reason, 0)
            assert attack() in (None, False, (None, frozenset()))
            assert node.refused[reason] > counts, reason
            after = node.state(11.0, "r1")
            assert (after.votes, after.leases, after.overrides, after.pushes) == (before.votes, before.leases, before.overrides, before.pushes)
        assert C not in after.votes, "no foreign address ever"

    def test_a_prober_says_nothing_in_the_name_of_another(self, tmp_path):
        """Genuine, and of a key that is known."""
        one, two = key_of("p1"), key_of("p2")
        ledger, p2 = Ledger(identity(tmp_path, prober=[one, two])), Prober("p2", two)
        p2.rewrite((A, DOWN))
        p2.renew(answers=[ledger.turn()])
        ledger.take_all(Records(11.0, "r1", {"p1": p2.lease}, {"p1": dict(p2.hash)}))
        assert (shown(ledger), dict(ledger.leases), ledger.refused) == ({}, {}, {"signer": 2})

    def test_a_lease_is_of_its_own_epoch(self, node, pen):
        p1 = Prober(signer=pen)
        node.take_leases({"p1": p1.renew(answers=[node.challenge], epoch=p1.epoch + 1)}, 10.0)
        assert (dict(node.leases), node.refused) == ({}, {"content": 1})

    def test_a_key_signs_under_the_signature_of_its_own_id(self, node, pen):
        """A forger who says that the genuine key signed."""
        forger = key_of("p1")
        forger.key = pen.key
        false = Prober(signer=forger, epoch=10**15)
        node.take_all(whole(false, run="r"))
        node.take_votes("p1", false.rewrite((A, DOWN)))
        assert (node.refused, shown(node)) == ({"signature": 1}, {})

    def test_every_refusal_is_counted_once_and_told(self, pen, monkeypatch):
        told, lines = [], []
        monkeypatch.setattr("gslb.log.warning", lambda event, **fields: lines.append(fields))
        ledger = Ledger(identity(prober=[pen]), lambda *what: told.append(what))
        for _ in range(5):
            ledger.take_all(Records(1.0, "r", {"p1": b"junk"}, {"p1": {"a0": b"g1 junk", "c1": bytes(99)}}, b"junk", {"fra": {"k": b"?"}}))
        assert ledger.refused == {"format": 5}
        assert sorted(told) == [("format", "book", ""), ("format", "lease", "p1"), ("format", "push", "fra"), *[("format", "votes", "p1")] * 2]
        ledger.take_leases({"p1": b"other junk"}, 1.0)
        assert ledger.refused == {"format": 6}
        assert b'gslb_store_refused_total{reason="format"}' in metrics.exposition()
        assert [(line["writer"], line["reason"]) for line in lines] == [("p1", "format"), ("", "format"), ("fra", "format")]

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=400), st.integers(0, 2**31))
    def test_garbage_in_every_place_has_no_effect(self, junk, seed):
        pen, ann = key_of("p1"), key_of("ann")
        ledger, p1 = Ledger(identity(prober=[pen], operator=[ann])), Prober(signer=pen)
        p1.rewrite((A, UP), (B, UP))
        p1.renew(answers=[ledger.turn()])
        good = whole(p1, book=book_record(ann, 7, DRAIN))
        ledger.take_all(good)
        before = ledger.state(11.0, "r1")
        chance = random.Random(seed)
        spoiled = [junk]
        for record in (good.book, p1.lease, *p1.hash.values()):
            spoiled.append(bytes(octet ^ (chance.random() < 0.02) for octet in record))
            spoiled.append(record[: chance.randrange(len(record))])
        for one in spoiled:
            records = Records(
                12.0, "r1", {"p1": one, "p2": one}, {"p1": {"a0": one, "a1": one, "c2": one}}, one, {"fra": {"web/x": one}}, {"ns2": one}
            )
            ledger.take_all(records)
            with contextlib.suppress(MissingError):
                ledger.take_change("p1", one)
        after = ledger.state(12.0, "r1")
        assert (after.votes, after.leases, after.overrides) == (before.votes, before.leases, before.overrides)
        assert not after.pushes

    def test_a_prober_stands_where_its_key_says(self, tmp_path, pen):
        ledger = Ledger(identity(tmp_path, place="fra", prober=[pen]))
        ledger.turn()
        liar = Prober(signer=pen, place="iad")
        ledger.take_leases({"p1": liar.renew(answers=[ledger.challenge])}, 10.0)
        assert (ledger.refused, dict(ledger.leases)) == ({"content": 1}, {})


class TestReplayed:
    """What was genuine once."""

    def test_older_votes_leases_and_books(self, node, pen, tmp_path):
        ann = key_of("ann")
        node = Ledger(identity(tmp_path, prober=[pen], operator=[ann]))
        p1 = Prober(signer=pen)
        p1.rewrite((A, DOWN))
        old_hash, old_lease, old_book = dict(p1.hash), p1.renew(9.0, [node.turn()]), book_record(ann, 7, DRAIN)
        node.take_all(whole(p1, book=old_book))
        p1.rewrite((A, UP))
        down, up = p1.change((A, DOWN)), p1.change((A, UP))
        p1.renew(10.0)
        assert node.take_book(book_record(ann, 8, Withdrawal(DRAIN.key, since=120.0)))
        node.take_all(whole(p1))
        assert node.refused == {}
        for attack in (
            lambda: node.take_votes("p1", old_hash),
            lambda: node.take_votes("p1", {**p1.hash, "c5": down}),  # in another field than it was written for
            lambda: node.take_leases({"p1": old_lease}, 10.0),
            lambda: node.take_book(old_book),
        ):
            count = node.refused.get("replayed", 0)
            assert attack() in (None, False, (None, frozenset()))
            assert node.refused["replayed"] == count + 1
        assert node.take_change("p1", up) is None
        assert node.refused["replayed"] == 4, "the last record, which may well be heard twice, is not counted"
        assert shown(node) == {A: {"p1": UP}}
        assert node.overrides.version == 8

    def test_an_older_record_of_the_stream_is_counted(self, node, pen):
        p1 = Prober(signer=pen)
        p1.rewrite((A, UP))
        p1.renew(answers=[node.challenge])
        node.take_all(whole(p1))
        down = p1.change((A, DOWN))
        for record in (down, p1.change((A, UP)), down):
            node.take_change("p1", record)
        assert node.refused == {"replayed": 1}
        assert shown(node) == {A: {"p1": UP}}

    def test_records_read_from_the_hash_may_still_come_by_the_stream(self, node, pen):
        p1 = Prober(signer=pen)
        p1.rewrite((A, UP))
        p1.renew(answers=[node.challenge])
        node.take_all(whole(p1))
        late = [p1.change((A, DOWN)), p1.change((A, UP)), p1.change((A, DOWN))]
        node.take_votes("p1", p1.hash)
        for record in late:
            assert node.take_change("p1", record) is None
        assert node.refused == {}
        node.take_change("p1", late[0])
        assert node.refused == {"replayed": 1}, "once each"

    def test_a_lease_may_be_overtaken_on_its_way(self, node, pen):
        """Read where it stands before its hint comes."""
        p1 = Prober(signer=pen)
        late = [p1.renew(10.0), p1.renew(10.1, [node.challenge]), p1.renew(11.0, [node.challenge])]
        node.take_leases({"p1": p1.lease}, 11.0)
        for record in late:
            assert node.take_leases({"p1": record}, 11.0) == (None, frozenset())
        assert node.refused == {}
        node.take_leases({"p1": late[0]}, 11.0)
        assert node.refused == {"replayed": 1}, "once each"
        assert node.leases["p1"].at == 11.0

    def test_a_prober_that_has_just_begun_has_a_moment_to_answer(self, node, pen):
        node.take_leases({}, 11.0)
        p1 = Prober(signer=pen)
        for at, counted in ((50.0, {}), (50.0 + PATIENCE, {}), (51.0 + PATIENCE, {"unproven": 1})):
            node.take_leases({"p1": p1.renew(at)}, at)
            assert node.refused == counted

    def test_parts_of_two_rewrites_are_not_mixed(self, node, pen):
        def halves(votes):
            return [votes[:1], votes[1:]]

        p1 = Prober(signer=pen)
        old = dict(p1.rewrite((A, DOWN), (B, DOWN), batch=halves))
        new = p1.rewrite((A, UP), (B, UP), batch=halves)
        p1.renew(answers=[node.challenge])
        node.take_all(whole(p1)._replace(votes={"p1": {"a0": old["a0"], "a1": new["a1"]}}))
        assert shown(node) == {}
        node.take_all(whole(p1))
        assert shown(node) == {A: {"p1": UP}, B: {"p1": UP}}
        node.take_votes("p1", {"a0": old["a0"], "a1": new["a1"]})
        assert shown(node) == {A: {"p1": UP}, B: {"p1": UP}}

    def test_a_part_does_not_stand_for_another_one(self, node, pen):
        """Which would take the votes of the part that is missing away."""
        p1 = Prober(signer=pen)
        p1.rewrite((A, UP), (B, UP), batch=lambda votes: [votes[:1], votes[1:]])
        p1.renew(answers=[node.challenge])
        node.take_all(whole(p1)._replace(votes={"p1": {"a0": p1.hash["a0"], "a1": p1.hash["a0"]}}))
        assert (shown(node), node.refused) == ({}, {"replayed": 1})

    def test_fields_stand_in_any_order(self, node, pen):
        p1 = Prober(signer=pen)
        p1.rewrite((A, UP))
        for state in (DOWN, UP, DOWN):
            p1.change((A, state))
        p1.renew(answers=[node.challenge])
        node.take_all(whole(p1)._replace(votes={"p1": dict(reversed(p1.hash.items()))}))
        assert shown(node) == {A: {"p1": DOWN}}

    def test_what_is_read_again_and_again_is_counted_once(self, node, pen):
        p1 = Prober(signer=pen)
        old = dict(p1.rewrite((A, DOWN)))
        p1.rewrite((A, UP))
        p1.renew(answers=[node.challenge])
        node.take_all(whole(p1))
        for _ in range(3):
            node.take_votes("p1", old)
        assert node.refused == {"replayed": 1}

    def test_what_was_recorded_is_nothing_to_a_node_that_is_new(self, node, pen):
        """Yesterday's store, whole, put before a nameserver without a past."""
        yesterday = Prober(signer=pen, epoch=100)
        yesterday.rewrite((A, DOWN))
        yesterday.renew(10.0, ["0123456789abcdef"])
        assert node.take_all(whole(yesterday)) is None
        state = node.state(11.0, "r1")
        assert (dict(state.votes), dict(state.leases), node.unproven) == ({}, {}, {"p1"})
        node.take_leases({"p1": yesterday.lease}, 11.0)
        assert node.refused == {}, "a genuine one has a moment to answer"
        for seconds in (0.5, 1, 2):
            node.take_leases({"p1": yesterday.lease}, 11.0 + PATIENCE * seconds)
        assert node.refused == {"unproven": 1}
        today = Prober(signer=pen, epoch=200)
        today.rewrite((A, UP))
        today.renew(30.0, [f"29:{node.challenge}"])
        assert node.take_all(whole(today, time=30.0)) == {A}
        assert shown(node) == {A: {"p1": UP}}
        assert not node.unproven

    def test_the_last_two_challenges_count(self, node, pen):
        first = node.challenge
        node.turn()
        p1 = Prober(signer=pen)
        p1.rewrite((A, UP))
        p1.renew(answers=[first])
        assert node.take_all(whole(p1)) == {A}
        again = Ledger(identity(prober=[pen]))
        stale = again.turn()
        again.turn()
        again.turn()
        p1.renew(answers=[stale])
        assert again.take_all(whole(p1)) is None

    def test_who_hides_votes_cannot_keep_older_ones_fresh(self, node, pen):
        """The store's owner lets leases through, and not the votes of which they speak."""
        p1 = Prober(signer=pen)
        p1.rewrite((A, UP))
        early = dict(p1.hash)
        p1.renew(10.0, [node.challenge])
        node.take_all(whole(p1))
        p1.change((A, DOWN))
        for at in range(11, 30):
            assert node.take_leases({"p1": p1.renew(float(at), [node.challenge])}, float(at)) == (None, {"p1"})
        assert node.leases["p1"].at == 10.0, "it ages"
        fresh = Ledger(identity(prober=[pen]))
        p1.renew(30.0, [fresh.turn()])
        fresh.take_all(whole(p1)._replace(votes={"p1": early}))
        assert shown(fresh) == {}, "and to a new node they are nothing"
        assert node.take_votes("p1", p1.hash) == {A}
        assert node.leases["p1"].at == 29.0
        fresh.take_votes("p1", p1.hash)
        assert shown(fresh) == {A: {"p1": DOWN}}

    def test_a_restart_believes_nothing_older(self, tmp_path, pen):
        ann = key_of("ann")
        who = identity(tmp_path, prober=[pen], operator=[ann])
        before, p1 = Ledger(who), Prober(signer=pen)
        p1.rewrite((A, DOWN))
        old = whole(p1, book=book_record(ann, 7, DRAIN))
        p1.change((A, UP))
        p1.renew(answers=[before.turn()])
        now = whole(p1, book=book_record(ann, 8, OTHER))
        before.take_all(now)
        before.save()
        after = Ledger(who)
        after.take_all(old._replace(leases={"p1": p1.renew(12.0, [after.turn()])}))
        assert (shown(after), after.overrides.version) == ({}, 0)
        assert after.refused == {"replayed": 2}
        after.take_all(now._replace(leases={"p1": p1.renew(13.0, [after.challenge])}))
        assert (shown(after), after.overrides.version) == ({A: {"p1": UP}}, 8)

    def test_a_store_set_back_is_no_news(self, node, pen):
        p1 = Prober(signer=pen)
        p1.rewrite((A, DOWN))
        p1.renew(10.0, [node.challenge])
        back = whole(p1, run="r2")
        p1.change((A, UP))
        p1.renew(11.0, [node.challenge])
        node.take_all(whole(p1))
        assert node.take_all(back) is None
        assert shown(node) == {A: {"p1": UP}}
        assert node.take_votes("p1", p1.rewrite((A, UP))) is None
        assert node.take_leases({"p1": p1.renew(12.0)}, 12.0) == (None, frozenset())
        assert node.leases["p1"].at == 12.0


class TestRotation:
    """Keys come and go while everything runs."""

    def ring(self, trust):
        waiting = []
        return PublicKeys(trust, lambda: waiting.pop() if waiting else None), waiting

    def test_two_keys_of_one_name_and_then_the_new_one_alone(self, tmp_path):
        old, new, ann = key_of("p1"), key_of("p1"), key_of("ann")
        operators = {"ann": known(ann)}
        ring, waiting = self.ring({"prober": {"p1": known(old)}, "operator": operators})
        node = Ledger(Identity("ns1", keyring=ring, state_dir=tmp_path))
        before, after = Prober(signer=old, epoch=100), Prober(signer=new, epoch=200)
        before.rewrite((A, UP))
        before.renew(10.0, [node.turn()])
        node.take_all(whole(before))
        after.rewrite((A, DOWN))
        after.renew(100.0, [node.challenge])
        node.take_all(whole(after, time=100.0))
        assert (shown(node), node.refused) == ({A: {"p1": UP}}, {"signer": 2})
        waiting.append({"prober": {"p1": known(old, new)}, "operator": operators})
        node.take_leases({"p1": after.lease}, 100.0 + KEYS)
        assert node.take_votes("p1", after.hash) == {A}, "what was refused is looked at again"
        assert shown(node) == {A: {"p1": DOWN}}
        waiting.append({"prober": {"p1": known(new)}, "operator": operators})
        assert node.take_leases({}, 100.0 + 2 * KEYS) == (None, frozenset())
        waiting.append({"prober": {}, "operator": operators})
        assert node.take_leases({}, 100.0 + 3 * KEYS)[0] == {A}
        assert (shown(node), dict(node.leases)) == ({}, {})

    def test_a_stolen_keys_mark_goes_with_the_key(self, tmp_path):
        stolen, new, ann, bob = key_of("p1"), key_of("p1"), key_of("ann"), key_of("bob")
        who = identity(tmp_path, prober=[stolen], operator=[ann, bob])
        node, thief = Ledger(who), Prober(signer=stolen, epoch=2**62)
        thief.rewrite((A, DOWN))
        thief.renew(answers=[node.turn()])
        node.take_all(whole(thief, book=book_record(ann, 2**62, OTHER)))
        node.save()
        healed = Ledger(identity(tmp_path, prober=[new], operator=[bob]))
        p1 = Prober(signer=new)
        p1.rewrite((A, UP))
        p1.renew(answers=[healed.turn()])
        healed.take_all(whole(p1, book=book_record(bob, 9, DRAIN)))
        assert (shown(healed), healed.overrides.version) == ({A: {"p1": UP}}, 9)

    def test_what_a_stolen_key_said_is_forgotten_with_it(self, tmp_path):
        """While the nameserver runs: the thief's epoch at the end of time does not stand in the way of the prober's new key."""
        stolen, new = key_of("p1"), key_of("p1")
        ring, waiting = self.ring({"prober": {"p1": known(stolen)}})
        node, thief, p1 = Ledger(Identity("ns1", keyring=ring, state_dir=tmp_path)), Prober(signer=stolen, epoch=2**62), Prober(signer=new)
        thief.rewrite((A, DOWN))
        thief.renew(10.0, [node.turn()])
        node.take_all(whole(thief))
        assert shown(node) == {A: {"p1": DOWN}}
        waiting.append({"prober": {"p1": known(new)}})
        p1.rewrite((A, UP))
        hint, missing = node.take_leases({"p1": p1.renew(60.0, [node.challenge])}, 60.0)
        assert (hint, missing, shown(node)) == ({A}, {"p1"}, {})
        assert node.take_votes("p1", p1.hash) == {A}
        assert shown(node) == {A: {"p1": UP}}

    def test_words_outlive_the_key_that_signed_them_and_stand_in_nobodys_way(self, tmp_path):
        """A thief's version at the end of numbers, and a drain that must not end because an operator has left."""
        ann, bob = key_of("ann"), key_of("bob")
        ring, waiting = self.ring({"operator": {"ann": known(ann), "bob": known(bob)}})
        node = Ledger(Identity("ns1", keyring=ring, state_dir=tmp_path))
        assert node.take_book(book_record(ann, 2**63 - 1, DRAIN))
        assert not node.take_book(book_record(bob, 9, OTHER))
        waiting.append({"operator": {"bob": known(bob)}})
        assert node.take_leases({}, KEYS)[0] == EVERYTHING
        assert (node.overrides.standing(150.0), node.overrides.version, node.overrides.sealed) == ((DRAIN,), 0, b"")
        assert not node.take_book(book_record(ann, 2**63 - 1, DRAIN))
        assert node.take_book(book_record(bob, 9, DRAIN, OTHER))
        assert node.take_leases({}, 3 * KEYS)[0] is None

    def test_a_prober_known_by_the_keyring_keeps_its_floor(self, node, pen):
        p1 = Prober(signer=pen)
        p1.rewrite((A, UP))
        old = p1.renew(10.0, [node.challenge])
        node.take_all(whole(p1))
        node.take_leases({"p1": p1.renew(11.0, lasts=0.0)}, 11.0)
        node.take_all(Records(12.0, "r1"))
        node.take_all(Records(13.0, "r1", {"p1": old}, {"p1": dict(p1.hash)}))
        assert (shown(node), dict(node.leases)) == ({}, {})
        assert node.refused == {"replayed": 2}


class TestBooksAndPushes:
    def test_of_two_books_with_one_version_all_nodes_take_the_same(self):
        one, other = book_record(Unsigned("ann"), 7, DRAIN), book_record(Unsigned("bob"), 7, OTHER)
        first, second = Ledger(Identity()), Ledger(Identity())
        for record in (one, other, one):
            first.take_book(record)
        for record in (other, one):
            second.take_book(record)
        assert first.overrides == second.overrides

    def test_a_sealed_book_is_kept_to_be_brought_back(self, tmp_path):
        ann = key_of("ann")
        who = identity(tmp_path, operator=[ann])
        ledger, record = Ledger(who), book_record(ann, 7, DRAIN)
        assert ledger.take_book(record)
        assert not ledger.take_book(record)
        assert not ledger.take_book(b"")
        assert ledger.overrides.sealed == record
        other = Ledger(who)
        assert other.take_book(ledger.overrides.sealed)

    def test_a_site_speaks_for_itself_forward_only(self):
        fra, iad = key_of("fra"), key_of("iad")
        ledger = Ledger(identity(site=[fra, iad]))
        member = Push("fra", "192.0.2.77", 10.0, 40.0, pool="web", site="fra", weight=3)
        first = push(fra, member, 1)
        assert ledger.take_push("fra", member.key, first)
        assert not ledger.take_push("fra", member.key, first)
        assert not ledger.take_push("iad", member.key, push(iad, member, 1)), "in another's name"
        assert not ledger.take_push("fra", "web/192.0.2.78", push(fra, member, 2)), "in another place"
        assert ledger.take_push("fra", member.key, push(fra, replace(member, at=11.0, until=11.0), 3))
        assert not ledger.state(12.0, "r").pushes
        assert not ledger.take_push("fra", member.key, push(fra, member, 2)), "taken back is taken back"
        assert ledger.refused == {"content": 2, "replayed": 1}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_same_whatever_the_order_and_however_often(data):
    """Two probers with two starts each, read in any order, any number of times: what is believed in the end is the same."""
    pens = {name: key_of(name) for name in ("p1", "p2")}
    ann = key_of("ann")
    who = identity(prober=list(pens.values()), operator=[ann])
    ledger, plain = Ledger(who), Ledger(who)
    challenges = [ledger.turn(), plain.turn()]
    history = []  # (what, prober, octets)
    at = 10.0
    last = {}
    for epoch in (100, 200):
        for name, pen in pens.items():
            prober = last[name] = Prober(name, pen, epoch)
            prober.rewrite(*((target, data.draw(st.sampled_from(State))) for target in data.draw(st.sets(st.sampled_from([A, B, C])))))
            for _ in range(data.draw(st.integers(0, 4))):
                at += 0.5
                match data.draw(st.sampled_from(["change", "forget", "rewrite", "renew"])):
                    case "change":
                        history.append(("change", name, prober.change((data.draw(st.sampled_from([A, B, C])), data.draw(st.sampled_from(State))))))
                    case "forget":
                        history.append(("change", name, prober.change(gone=[data.draw(st.sampled_from([A, B, C]))])))
                    case "rewrite":
                        history.append(("votes", name, dict(prober.rewrite((A, data.draw(st.sampled_from(State)))))))
                    case "renew":
                        history.append(("lease", name, prober.renew(at, challenges)))
                history.append(("votes", name, dict(prober.hash)))
    for name, prober in last.items():
        at += 0.5
        history.append(("lease", name, prober.renew(at, challenges)))
        history.append(("votes", name, dict(prober.hash)))
    history += [("book", "", book_record(ann, version, DRAIN, OTHER)) for version in (7, 8, 9)]

    def read(one, what, name, record):
        match what:
            case "change":
                with contextlib.suppress(MissingError):
                    one.take_change(name, record)
            case "votes":
                one.take_votes(name, record)
            case "lease":
                one.take_leases({name: record}, at)
            case "book":
                one.take_book(record)

    for event in data.draw(st.lists(st.sampled_from(history), max_size=2 * len(history))) + data.draw(st.permutations(history)):
        read(ledger, *event)
    for event in history:
        read(plain, *event)
    end = whole(*last.values(), book=history[-1][2], time=at)
    ledger.take_all(end)
    plain.take_all(end)
    found, wanted = ledger.state(at, "r1"), plain.state(at, "r1")
    assert (found.votes, found.leases, found.overrides) == (wanted.votes, wanted.leases, wanted.overrides)
    assert found.votes == {
        target: {name: prober.votes[target] for name, prober in last.items() if target in prober.votes}
        for target in {target for prober in last.values() for target in prober.votes}
    }
    assert set(plain.refused) <= {"replayed"}


def test_a_header_alone_proves_nothing(pen):
    """A record whose header is right and whose content is none."""
    ledger = Ledger(identity(prober=[pen]))
    for content in ([], {}, {"votes": 1}, None, "x", 17):
        for kind in ("votes", "all", "lease"):
            record = seal(Header(kind, "", "", 1, 1), content, pen)
            ledger.take_votes("p1", {"a0": record, "c1": record})
            ledger.take_leases({"p1": record}, 1.0)
    assert shown(ledger) == {}
    assert ledger.refused["content"] > 0
    assert UNSIGNED not in pen.sign(b"")
