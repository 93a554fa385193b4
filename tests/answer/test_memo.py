"""The memo says what `answer()` says, whatever is asked in whatever order, and stays small."""

from __future__ import annotations

import random
import tracemalloc
from collections import Counter
from collections.abc import Callable
from itertools import product

import dns.edns
import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb import plan
from gslb.answer import Drop, Env, Memo, NeedRow, Reply, answer, memo, outcome, shelves
from gslb.answer.tally import MAX_CELLS, Meta, Tallies

NAMES = [
    *(
        "www",
        "old",
        "flat",
        "mail",
        "nope",
        "x.wild",
        "host.sub",
        "host.d",
        "missing",
        "broken",
        "empty",
        "big",
        "a.pooled",
        "b.pooled",
        "",
        "Mixed.case",
        "to",
        "toto",
        "a.tos",
        "stick",
        "couple",
        "deep",
        "joint",
        "svc",
        "tosvc",
        "x.hints",
        "gone",
    )
]
TYPES = ["A", "A", "AAAA", "AAAA", "HTTPS", "SVCB", "CNAME", "TXT", "ANY", "DS"]
CLIENTS = [b"\x7f\0\0\1", b"\x14\0\0\1", b"\x0a\1\2\3", bytes(10) + b"\xff\xff\x14\0\0\1", b"\x20\1\x0d\xb8" + bytes(11) + b"\1"]


def expected(snapshot: plan.Snapshot, query: bytes, client: bytes, draw: int) -> bytes | None:
    got = answer(snapshot, query, client, Env(draw))
    if isinstance(got, Drop):
        return None
    return (got.reply if isinstance(got, NeedRow) else got).wire


def some_query(rng: random.Random) -> bytes:
    """A query; now and then with rubbish in it."""
    name = rng.choice(NAMES)
    name = "".join(rng.choice((c, c.upper())) for c in name) if rng.random() < 0.2 else name
    options = []
    if rng.random() < 0.6:
        bits = rng.choice([0, 8, 20, 24, 24, 24, 32])
        address = rng.choice(["20.0.0.0", "10.1.2.3", "192.168.1.1", "8.8.8.8", "20.1.2.3"])
        options.append(dns.edns.ECSOption(address, bits))
        if rng.random() < 0.3:
            options = [dns.edns.ECSOption("2001:db8:1:2::", rng.choice([20, 56, 64]))]
        if rng.random() < 0.2:
            options.append(dns.edns.GenericOption(100, b"x"))
    edns = {"use_edns": 0, "options": options, "payload": rng.choice([512, 1232, 4096])} if options or rng.random() < 0.3 else {}
    message = dns.message.make_query(
        f"{name}.example.com" if name else "example.com", rng.choice(["A", "A", "AAAA", "AAAA", "HTTPS", "SVCB", "CNAME", "TXT", "ANY", "DS"]), **edns
    )
    message.id = rng.getrandbits(16)
    wire = bytearray(message.to_wire())
    if rng.random() < 0.2:
        wire[rng.randrange(len(wire))] ^= 1 << rng.randrange(8)
    if rng.random() < 0.05:
        del wire[rng.randrange(len(wire)) :]
    return bytes(wire)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 1 << 64), limit=st.sampled_from([1, 3, 50, 10_000]))
def test_it_says_what_answer_says(snapshot: plan.Snapshot, seed: int, limit: int) -> None:
    rng = random.Random(seed)
    one = Memo(snapshot, limit)
    now = snapshot
    queries = [some_query(rng) for _ in range(12)]
    for _ in range(60):
        query = rng.choice(queries)
        if rng.random() < 0.2:
            query = query[:-1] + bytes([rng.getrandbits(8)])  # often another client subnet, or bits beyond the source
        if rng.random() < 0.1:
            now = another(now, rng)
            one.swap(now)
        client, draw = rng.choice(CLIENTS), rng.getrandbits(64)
        assert one.reply(query, client, draw) == expected(now, query, client, draw)


def another(snapshot: plan.Snapshot, rng: random.Random) -> plan.Snapshot:
    """The next generation: other rows and couplings; sometimes other zones, or equal ones that are other objects."""
    row = plan.Row(plan.Pick.ROTATE, rng.randrange(3), rng.randrange(60), tuple(plan.Group(1, (rng.randbytes(4),)) for _ in range(rng.randrange(4))))
    pools = dict(snapshot.pools)
    for number in rng.sample(sorted(pools), 2):
        pool = pools[number]
        rows = {}
        for rtype, table in pool.rows.items():
            known = [one for other in snapshot.pools.values() for one in other.rows.get(rtype, ())]
            rows[rtype] = tuple(rng.choice([*known, row] if rtype == 1 else known) for _ in table)
        couple = rng.choice([pool.couple, None, plan.Sticky(rng.getrandbits(64), 16, 48, qname=True)])
        pools[number] = pool._replace(rows=rows, couple=couple, partition=rng.choice([pool.partition, 0 if len(rows[min(rows)]) > 2 else -1]))
    zones = snapshot.zones
    if rng.random() < 0.3:
        zones = {apex: zone._replace(negative_ttl=rng.randrange(1000)) for apex, zone in zones.items()}
    return snapshot._replace(generation=snapshot.generation + 1, pools=pools, zones=dict(zones))


def nested(kinds: tuple[plan.Pick, ...], at: int = 0) -> plan.Row:
    """Rows inside rows, one kind of pick for each level, two groups in each."""
    kind = kinds[at]
    sticky = plan.Sticky(at, 24 - at, 56 - at) if kind is plan.Pick.STICKY else None
    inside = nested(kinds, at + 1) if at + 1 < len(kinds) else None
    first = plan.Group(1, () if inside else (bytes((192, 0, 2, at)),), inside, f"{at}a", 1)
    return plan.Row(kind, 1 if at % 2 else 0, 30, (first, plan.Group(2, (bytes((198, 51, 100, at)),), None, f"{at}b", 2)), sticky=sticky)


def test_all_picks_inside_each_other(snapshot: plan.Snapshot) -> None:
    """To depth 4: as many addresses as the levels give, no client without one, and the memo agrees."""
    query = ask("www", options=[dns.edns.ECSOption("20.1.2.3", 32)])
    rng = random.Random(8)
    for kinds in product(plan.Pick, repeat=4):
        row = nested(kinds)
        now = snapshot._replace(pools={**snapshot.pools, 1: plan.Pool("web", plan.NO_PARTITION, {1: (row,)}, {1: row})})
        one = Memo(now)
        seen = set()
        for _ in range(4):
            draw = rng.getrandbits(64)
            wire = one.reply(query, CLIENTS[0], draw)
            assert wire == expected(now, query, CLIENTS[0], draw)
            message = dns.message.from_wire(wire)
            assert 1 <= len(message.answer[0]) <= 5
            seen.add(wire)
            scope = message.options[0].scopelen
            assert (scope > 0) is (plan.Pick.STICKY in kinds)
            assert scope >= max((24 - at for at, kind in enumerate(kinds) if kind is plan.Pick.STICKY), default=0)
        if not {plan.Pick.WEIGHTED, plan.Pick.ROTATE} & set(kinds):
            assert len(seen) == 1


def ask(name: str, rtype: str = "A", **options: object) -> bytes:
    return dns.message.make_query(f"{name}.example.com", rtype, id=7, **options).to_wire()  # type: ignore[arg-type]  # options by name


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often packets had to be parsed, and answers prepared."""
    seen: Counter[str] = Counter()
    parse, prepare = memo.parse, memo.prepare

    def parsing(packet: bytes, *, ecs: bool) -> object:
        seen["parsed"] += 1
        return parse(packet, ecs=ecs)

    def preparing(*arguments: object) -> object:
        seen["prepared"] += 1
        return prepare(*arguments)

    monkeypatch.setattr(memo, "parse", parsing)
    monkeypatch.setattr(memo, "prepare", preparing)
    return seen


def test_what_is_asked_often_is_not_parsed_again(snapshot: plan.Snapshot, work: Counter[str]) -> None:
    one = Memo(snapshot)
    for query in (ask("www"), ask("www", use_edns=0), ask("mail"), ask("nope")):
        for ident in (b"\0\1", b"\0\2", b"\0\3", b"\0\4"):
            assert one.reply(ident + query[2:], CLIENTS[0], 0)[:2] == ident
    assert work == {"parsed": 8, "prepared": 4}  # the first time, and the second


def test_client_subnets_of_one_length_are_one_question(snapshot: plan.Snapshot, work: Counter[str]) -> None:
    one = Memo(snapshot)
    for n in range(200):
        one.reply(ask("www", use_edns=0, options=[dns.edns.ECSOption(f"20.{n}.7.0", 24)]), CLIENTS[0], 0)
    assert work == {"parsed": 2, "prepared": 1}


def test_cookies_and_other_options_make_no_other_question(snapshot: plan.Snapshot, work: Counter[str]) -> None:
    one = Memo(snapshot)
    rng = random.Random(6)
    for n in range(100):
        options = [dns.edns.ECSOption(f"20.{n}.7.0", 24), dns.edns.GenericOption(10, rng.randbytes(8)), dns.edns.GenericOption(12, bytes(n))]
        query = ask("www", use_edns=0, options=options)
        assert one.reply(query, CLIENTS[0], 0) == expected(snapshot, query, CLIENTS[0], 0)
    assert work["prepared"] == 1


def test_bits_beyond_the_source_are_seen_in_a_known_question(snapshot: plan.Snapshot, work: Counter[str]) -> None:
    one = Memo(snapshot)
    query = ask("www", use_edns=0, options=[dns.edns.ECSOption("20.1.16.0", 20)])
    for _ in range(3):
        assert one.reply(query, CLIENTS[0], 0)[3] & 15 == 0
    assert one.reply(query[:-1] + b"\x18", CLIENTS[0], 0)[3] & 15 == 1
    assert one.reply(query[:-1] + b"\x20", CLIENTS[0], 0)[3] & 15 == 0
    assert work == {"parsed": 3, "prepared": 2}


def test_a_swap_of_rows_keeps_what_was_prepared(snapshot: plan.Snapshot, work: Counter[str]) -> None:
    one = Memo(snapshot)
    one.reply(ask("www"), CLIENTS[0], 0)
    row = plan.Row(plan.Pick.ALL, 0, 9, (plan.Group(1, (b"\7\7\7\7",)),))
    one.swap(snapshot._replace(pools={**snapshot.pools, 1: snapshot.pools[1]._replace(rows={1: (row,) * 3})}))
    assert one.reply(ask("www"), CLIENTS[0], 0).endswith(b"\0\0\0\x09\0\4\7\7\7\7")
    assert work["prepared"] == 1


def test_popular_questions_outlive_a_flood(snapshot: plan.Snapshot, work: Counter[str]) -> None:
    one = Memo(snapshot, limit=100)
    rng = random.Random(2)
    for n in range(1000):
        one.reply(ask(f"{rng.getrandbits(60):x}"), CLIENTS[0], 0)
        if n % 40 == 0:
            one.reply(ask("mail"), CLIENTS[0], 0)
            one.reply(ask("mail", use_edns=0, options=[dns.edns.GenericOption(10, rng.randbytes(8))]), CLIENTS[0], 0)
    assert work == {"parsed": 1000 + 2 + 25, "prepared": 1000 + 2}


@pytest.mark.parametrize("kind", ["names", "pooled names", "subnets", "types", "long names", "padding"])
def test_a_flood_stays_within_bounds(snapshot: plan.Snapshot, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "MAX_OCTETS", 400_000)
    monkeypatch.setattr(outcome, "MAX_OUTCOMES", 100)
    monkeypatch.setattr(shelves, "MAX_SHELVES", 50)
    rng = random.Random(3)
    make: dict[str, Callable[[], bytes]] = {
        "names": lambda: ask(f"{rng.getrandbits(60):x}"),
        "pooled names": lambda: ask(f"{rng.getrandbits(60):x}.{rng.choice(['pooled', 'toweb'])}"),
        "subnets": lambda: ask("www", use_edns=0, options=[dns.edns.ECSOption(f"{rng.randrange(256)}.{rng.randrange(256)}.3.0", rng.randrange(33))]),
        "types": lambda: ask("www", f"TYPE{rng.randrange(1000, 65000)}"),
        "long names": lambda: ask(".".join(f"{rng.getrandbits(200):x}" for _ in range(4))),
        "padding": lambda: ask("www", use_edns=0, options=[dns.edns.GenericOption(12, rng.randbytes(600))]),
    }
    one = Memo(snapshot)
    for _ in range(300):
        one.reply(make[kind](), rng.choice(CLIENTS), rng.getrandbits(64))
    tracemalloc.start()
    for _ in range(800):
        one.reply(make[kind](), rng.choice(CLIENTS), rng.getrandbits(64))
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 3_000_000
    assert len(one._young) + len(one._old) <= 2 * 400_000 // 250


def test_counts(snapshot: plan.Snapshot) -> None:
    one = Memo(snapshot)
    for _ in range(3):
        one.reply(ask("www"), CLIENTS[0], 0)
    one.reply(ask("nope"), CLIENTS[0], 0)
    one.reply(b"short", CLIENTS[0], 0)
    one.reply(b"\0\0\x80" + bytes(20), CLIENTS[0], 0)
    zone = b"\x07example\x03com\0"
    assert one.counts() == {Meta(zone, 0, 1, "", 1, site="def"): 3, Meta(zone, 3, None, "", 1): 1}
    assert one.drops() == {"short": 1, "response": 1}
    one.swap(snapshot._replace(generation=2, zones={}))
    one.reply(ask("www"), CLIENTS[0], 0)
    assert one.counts()[Meta(zone, 0, 1, "", 1, site="def")] == 3
    assert one.counts()[Meta(None, 5, None, "outside", 1)] == 1


def test_kinds_of_answers_are_bounded() -> None:
    tallies = Tallies()
    for n in range(3 * MAX_CELLS):
        tallies.of(Meta(b"\0", 3, type=n % 65536)).count += 1
    counts = tallies.counts()
    assert len(counts) == MAX_CELLS + 1
    assert counts[Meta(None, 3)] == 2 * MAX_CELLS
    assert sum(counts.values()) == 3 * MAX_CELLS


def test_replies_are_whole_messages(snapshot: plan.Snapshot) -> None:
    one = Memo(snapshot)
    rng = random.Random(9)
    for _ in range(500):
        query = some_query(rng)
        wire = one.reply(query, CLIENTS[0], rng.getrandbits(64))
        if wire is not None:
            dns.message.from_wire(wire, keyring=False)
            assert isinstance(answer(snapshot, query, CLIENTS[0], Env(0)), Reply | NeedRow)
