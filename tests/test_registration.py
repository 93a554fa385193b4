"""Who is let into a pool that members may join by themselves, and who stays there."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb import targets
from gslb.model import Check, Member, Model, Policy, Pool, Registration
from gslb.registration import admit, call, kept, passed
from gslb.store import Push, Pushed
from gslb.verdict import State, Verdict

WEB = Check("web", "tcp", {"port": 80}, 5.0, 2.0, 3, 10, 5, "d")
ALLOWED = Registration((ip_network("198.51.100.0/24"), ip_network("2001:db8::/64")), 3, ("scaler",), Member("", (), "fra", checks=("web",)))
STATIC = Member("fra", (ip_address("192.0.2.1"),), "fra", checks=("web",))


def model_of(**changes):
    pool = Pool("web", (STATIC,), Policy((), "all"), 0, 60, 10, register=replace(ALLOWED, **changes))
    closed = replace(pool, id="closed", register=None)
    return Model({}, {"web": WEB}, {"web": pool, "closed": closed}, {})


MODEL = model_of()


def word(address, *, by="scaler", pool="web", at=100.0, lasts=30.0, **more):
    return Push(by, address, at, at + lasts, pool=pool, **more)


def said(*words, now=100.0, run="r1"):
    return Pushed(now, run, {(one.registrant, one.key): one for one in words})


def up(model, roll, state=State.UP):
    probes = targets.index(admit(model, roll.values())).pools
    return {target: Verdict(state, 1.0) for target in probes}


def joined(model, *words, before=None, **when):
    roll = call(model, before or {}, said(*words, **when), signed=True).roll
    return passed(model, roll, up(model, roll))


def addresses(model):
    return [str(address) for member in model.pools["web"].members for address in member.addresses]


def test_joins_when_its_checks_have_passed():
    roll = call(MODEL, {}, said(word("198.51.100.7", weight=3)), signed=True).roll
    (entry,) = roll.values()
    assert entry.state == "waiting"
    probed = targets.index(admit(MODEL, roll.values())).probes
    assert {target.address for target in probed} == {"192.0.2.1", "198.51.100.7"}
    for state in (State.UNKNOWN, State.DOWN):
        (entry,) = passed(MODEL, roll, up(MODEL, roll, state)).values()
        assert not entry.joined
    (entry,) = passed(MODEL, roll, up(MODEL, roll)).values()
    assert entry.state == "joined"
    member = admit(MODEL, [entry]).pools["web"].members[-1]
    assert (member.id, member.site, member.weight, member.checks) == ("198.51.100.7", "fra", 3, ("web",))
    (entry,) = passed(MODEL, {entry.place: entry}, up(MODEL, roll, State.DOWN)).values()
    assert entry.joined, "once in, its checks decide as for any member"


def test_leaves_when_its_lease_ends_or_is_taken_back():
    roll = joined(MODEL, word("198.51.100.7"), word("198.51.100.8"))
    assert addresses(admit(MODEL, roll.values())) == ["192.0.2.1", "198.51.100.7", "198.51.100.8"]
    later = call(MODEL, roll, said(word("198.51.100.7", at=120.0), now=125.0), signed=True).roll
    assert set(later) == {("web", "198.51.100.7")}
    assert not call(MODEL, roll, said(word("198.51.100.7"), now=130.0), signed=True).roll


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (word("198.51.101.7"), "address"),
        (word("2001:db8:1::1"), "address"),
        (word("192.0.2.1"), "address"),
        (word("2001:db8::1%eth0"), "address"),
        (word("198.51.100.7", by="mallory"), "registrant"),
        (word("198.51.100.7", pool="closed"), "pool"),
        (word("198.51.100.7", pool="nowhere"), "pool"),
        (word("198.51.100.7", site="iad"), "site"),
        (word("198.51.100.7", at=1000.0), "time"),
    ],
)
def test_refuses_what_the_files_do_not_allow(given, why):
    roll, refused = call(MODEL, {}, said(given), signed=True)
    assert not roll
    assert refused == {(given.registrant, given.key): why}


def test_refuses_everybody_where_nobody_signs():
    good = word("198.51.100.7")
    roll, refused = call(MODEL, {}, said(good), signed=False)
    assert (roll, set(refused.values())) == ({}, {"unsigned"})


def test_takes_no_address_that_is_there_already():
    inside = replace(STATIC, addresses=(ip_address("198.51.100.7"),))
    pools = {"web": replace(MODEL.pools["web"], members=(inside,))}
    assert not call(replace(MODEL, pools=pools), {}, said(word("198.51.100.7")), signed=True).roll


def test_the_maximum_keeps_those_who_have_joined():
    roll = joined(MODEL, *(word(f"198.51.100.{n}") for n in (7, 8, 9)))
    again, refused = call(MODEL, roll, said(*(word(f"198.51.100.{n}") for n in (1, 7, 8, 9))), signed=True)
    assert set(again) == set(roll)
    assert refused == {("scaler", "web/198.51.100.1"): "full"}


def test_of_those_who_come_together_every_nameserver_takes_the_same():
    many = [word(f"198.51.100.{n}") for n in (30, 9, 10, 7, 200)]
    early = call(MODEL, call(MODEL, {}, said(*many[:3]), signed=True).roll, said(*many), signed=True).roll
    late = call(MODEL, {}, said(*many), signed=True).roll
    assert set(early) == set(late) == {("web", f"198.51.100.{n}") for n in (7, 9, 10)}
    assert len(call(MODEL, {}, said(*many), signed=True, spare=4).roll) == 5, "a prober looks at more"


def test_never_below_min_members():
    model = model_of(min_members=2)
    roll = joined(model, word("198.51.100.7"), word("198.51.100.8", lasts=40.0))
    roll = call(model, roll, said(now=200.0), signed=True).roll
    assert {entry.address: entry.state for entry in roll.values()} == {"198.51.100.8": "held"}, "the last to end stays"
    roll = call(model, roll, said(word("198.51.100.9", at=300.0), now=300.0), signed=True).roll
    assert {entry.address: entry.state for entry in roll.values()} == {"198.51.100.8": "held", "198.51.100.9": "waiting"}
    roll = passed(model, roll, up(model, roll))
    roll = call(model, roll, said(word("198.51.100.9", at=300.0), now=301.0), signed=True).roll
    assert {entry.address: entry.state for entry in roll.values()} == {"198.51.100.9": "joined"}


def test_a_store_that_forgot_has_taken_nothing_back():
    roll = joined(MODEL, word("198.51.100.7"))
    assert set(call(MODEL, roll, said(now=120.0, run="r2"), signed=True).roll) == set(roll)
    assert not call(MODEL, roll, said(now=120.0, run="r1"), signed=True).roll
    assert not call(MODEL, roll, said(now=130.0, run="r2"), signed=True).roll, "no longer than its lease"


def test_files_that_changed_decide_for_those_inside_too():
    roll = joined(MODEL, word("198.51.100.7"), word("198.51.100.8"))
    assert kept(MODEL, roll) == roll
    assert not kept(model_of(networks=(ip_network("203.0.113.0/24"),)), roll)
    assert not kept(model_of(keys=("other",)), roll)
    assert not kept(replace(MODEL, pools={}), roll)
    assert len(kept(model_of(maximum=1), roll)) == 1


WORDS = st.builds(
    word,
    st.sampled_from(["198.51.100.7", "198.51.100.8", "198.51.100.9", "198.51.100.10", "203.0.113.1", "2001:db8::1", "192.0.2.1"]),
    by=st.sampled_from(["scaler", "mallory"]),
    pool=st.sampled_from(["web", "closed"]),
    at=st.integers(90, 200).map(float),
    lasts=st.integers(0, 60).map(float),
)
TURNS = st.lists(st.tuples(st.lists(WORDS, max_size=8), st.sampled_from(["r1", "r2"]), st.booleans()), min_size=1, max_size=8)


@given(TURNS, st.integers(0, 5))
def test_whatever_is_said_the_files_bound_it(turns, least):
    model = model_of(min_members=least)
    roll, now, most = {}, 90.0, 0
    for words, run, well in turns:
        now += 15
        roll = passed(model, roll, up(model, roll)) if well else roll
        roll = call(model, roll, said(*words, now=now, run=run), signed=True).roll
        inside = [entry for entry in roll.values() if entry.joined]
        assert 1 + len(inside) >= min(least, most), "nobody is taken out whom the pool cannot spare"
        assert len(inside) <= ALLOWED.maximum
        served = admit(model, inside).pools["web"].members
        assert served[0] == STATIC
        assert all(any(member.addresses[0] in network for network in ALLOWED.networks) for member in served[1:])
        assert len({member.id for member in served}) == len(served)
        most = len(served)
    assert admit(model, roll.values()).pools["closed"] == model.pools["closed"]
