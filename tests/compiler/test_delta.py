"""Differences of random snapshots: assembled they give the new one, and damaged streams give nothing."""

import pickle
from array import array

from hypothesis import given, settings
from hypothesis import strategies as st

from gslb import delta
from gslb.compiler.delta import SLICE_NAMES, diff, whole
from gslb.delta import Assembler, Slice
from gslb.errors import PlanError
from gslb.names import from_text
from gslb.plan import EMPTY, NO_PARTITION, Dynamic, Group, Hinted, Node, Partition, Pick, Pool, Row, RRset, Snapshot, Sticky, Zone

A = 1
APEXES = [from_text(t) for t in ("a.example.", "b.example.", "c.example.")]
SOA = RRset(6, 300, (b"\0\0" + bytes(20),))


def weights(pick: Pick) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(1 if pick in (Pick.WEIGHTED, Pick.STICKY) else 0, 9), max_size=4)


stickies = st.builds(Sticky, st.integers(0, 2**64 - 1), st.integers(0, 32), st.integers(0, 128), st.booleans())


@st.composite
def rows(draw: st.DrawFn) -> Row:
    pick = draw(st.sampled_from(Pick))
    key = st.integers(0, 2**64 - 1) if pick is Pick.STICKY else st.just(0)
    groups = tuple(Group(w, (bytes([10, 0, 0, i]),), key=draw(key)) for i, w in enumerate(draw(weights(pick))))
    return Row(pick, draw(st.integers(0, 3)), draw(st.integers(0, 60)), groups, sticky=draw(stickies) if pick is Pick.STICKY else None)


@st.composite
def partitions(draw: st.DrawFn) -> Partition:
    v4 = sorted({0, *draw(st.lists(st.integers(1, 2**32 - 1), max_size=5))})
    v6 = sorted({(0, 0), *draw(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)), max_size=5))})
    region = st.integers(0, 3)
    return Partition(
        array("I", v4),
        array("H", [draw(region) for _ in v4]),
        array("Q", [high for high, _ in v6]),
        array("Q", [low for _, low in v6]),
        array("H", [draw(region) for _ in v6]),
    )


@st.composite
def snapshots(draw: st.DrawFn, generation: int) -> Snapshot:
    cut = draw(st.dictionaries(st.integers(0, 2), partitions(), max_size=2))
    pools = {}
    for number in draw(st.sets(st.integers(0, 3), max_size=3)):
        partition = draw(st.sampled_from([NO_PARTITION, *cut]))
        few = draw(st.lists(rows(), min_size=1, max_size=3))
        regions = 1 if partition == NO_PARTITION else 4
        table = {kind: tuple(draw(st.sampled_from([None, *few])) for _ in range(regions)) for kind in (1, 28)}
        pools[number] = Pool(f"p{number}", partition, table, {1: few[0], 28: few[-1]}, draw(st.none() | stickies))
    zones = {}
    for apex in draw(st.sets(st.sampled_from(APEXES), max_size=3)):
        dynamic = st.sampled_from([None, *(Dynamic(n, (1, 28)) for n in pools)])
        rrsets = st.lists(st.integers(0, 9).map(lambda n: RRset(A, 60, (bytes([192, 0, 2, n]),))), max_size=1).map(tuple)
        hinted = st.sampled_from([(), *((Hinted(65, 60, n, b"\0\1\0", b"", b""),) for n in pools)])
        node = st.builds(Node, rrsets, dynamic, st.booleans(), hinted)
        nodes = draw(st.dictionaries(st.sampled_from([b"\1" + bytes([97 + i]) + apex for i in range(8)]), node, max_size=8))
        glue = draw(st.dictionaries(st.just(b"\2ns\3sub" + apex), st.just((RRset(A, 60, (b"abcd",)),))))
        zones[apex] = Zone(apex, SOA, draw(st.integers(0, 9)), {apex: Node((SOA,)), **nodes}, glue)
    return Snapshot(generation, zones, pools, cut)


def assemble(start: Snapshot, slices: list[Slice]) -> Snapshot:
    assembler = Assembler(start)
    for message in slices:
        assembler.feed(message)
    return assembler.live


@given(snapshots(7), snapshots(8), snapshots(9))
@settings(deadline=None)
def test_the_difference_of_two_plans_makes_one_of_the_other(a: Snapshot, b: Snapshot, c: Snapshot) -> None:
    before = pickle.dumps(a)
    assembler = Assembler()
    for target, slices in ((a, whole(a)), (b, diff(a, b)), (c, diff(b, c)), (a._replace(generation=3), whole(a._replace(generation=3)))):
        published = [new for message in slices if (new := assembler.feed(pickle.loads(pickle.dumps(message)))) is not None]
        assert published == [target]
        assert assembler.live is published[0]
    assert pickle.dumps(a) == before
    assert assemble(a, list(diff(a, b))) == b


@given(snapshots(7), snapshots(8), st.data())
def test_a_damaged_stream_gives_the_old_plan_or_a_refusal(a: Snapshot, b: Snapshot, data: st.DataObject) -> None:
    good = list(diff(a, b))
    damage = data.draw(st.sampled_from(["truncate", "lose", "swap", "double"]))
    at = data.draw(st.integers(0, len(good) - 1))
    other = data.draw(st.integers(0, len(good) - 1).filter(lambda n: n != at))
    bad = {
        "truncate": good[:at],
        "lose": good[:at] + good[at + 1 :],
        "swap": [good[other if n == at else at if n == other else n] for n in range(len(good))],
        "double": good[: at + 1] + good[at:],
    }[damage]
    assembler = Assembler(a)
    before = pickle.dumps(a)
    refused = False
    for message in bad:
        try:
            assembler.feed(message)
        except PlanError:
            refused = True
    complete = damage == "double" and at in (0, len(good) - 1)  # a second Begin starts over; a second Commit comes after the plan
    assert assembler.live == (b if complete else a)
    assert pickle.dumps(a) == before
    assert refused or damage in {"truncate", "double"} or (damage == "lose" and at == len(good) - 1)


def test_what_is_equal_is_not_sent() -> None:
    zone = Zone(APEXES[0], SOA, 5, {APEXES[0]: Node((SOA,))}, {})
    old = Snapshot(1, {APEXES[0]: zone}, {}, {})
    again = Zone(APEXES[0], SOA, 5, {APEXES[0]: Node((SOA,))}, {})
    assert [type(s.word).__name__ for s in diff(old, Snapshot(2, {APEXES[0]: again}, {}, {}))] == ["Begin", "Commit"]


def test_one_changed_name_of_many_is_sent_alone_and_others_stay_the_same_objects() -> None:
    apex = APEXES[0]
    names = {b"\5" + b"%05d" % n + apex: Node((RRset(A, 60, (n.to_bytes(4),)),)) for n in range(2_000)}
    old = Snapshot(1, {apex: Zone(apex, SOA, 5, {apex: Node((SOA,)), **names}, {})}, {}, {})
    changed, gone = b"\00500007" + apex, b"\00500008" + apex
    nodes = {**old.zones[apex].nodes, changed: Node()}
    del nodes[gone]
    new = Snapshot(2, {apex: Zone(apex, SOA, 5, nodes, {})}, {}, {})
    slices = list(diff(old, new))
    assert [type(s.word).__name__ for s in slices] == ["Begin", "ZoneStart", "ZoneNames", "ZoneDrop", "Commit"]
    assembler = Assembler(old)
    for message in slices:
        assembler.feed(message)
    live = assembler.live.zones[apex].nodes
    assert live == nodes
    assert all(live[name] is node for name, node in names.items() if name not in {changed, gone})
    assert gone in old.zones[apex].nodes


def test_slices_stay_small() -> None:
    apex = APEXES[0]
    fat = {b"\5" + b"%05d" % n + apex: Node((RRset(16, 60, (bytes(900),)),)) for n in range(400)}
    thin = {b"\6" + b"%06d" % n + apex: Node((RRset(A, 60, (n.to_bytes(4),)),)) for n in range(5_000)}
    runs = 20_000
    cut = Partition(
        array("I", range(runs)),
        array("H", [n % 2 for n in range(runs)]),
        array("Q", range(runs)),
        array("Q", [0]) * runs,
        array("H", [n % 2 for n in range(runs)]),
    )
    row = Row(Pick.ROTATE, 8, 60, tuple(Group(1, (bytes(16),) * 4, None, "fra") for _ in range(200)))
    pools = {n: Pool("p", 0, {1: (row._replace(ttl=n), row._replace(ttl=n + 99))}, {1: row}) for n in range(20)}
    big = Snapshot(1, {apex: Zone(apex, SOA, 5, {apex: Node((SOA,)), **fat, **thin}, {})}, pools, {0: cut})
    slices = list(whole(big))
    assert max(len(pickle.dumps(s)) for s in slices) < 66_000
    assert all(len(s.word.nodes) <= SLICE_NAMES for s in slices if isinstance(s.word, delta.ZoneNames))
    assert assemble(EMPTY, slices) == big
