"""The assembler refuses whole what is not sound, whatever it is fed."""

import pickle
from array import array
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb import delta
from gslb.delta import Assembler, Slice, words
from gslb.errors import PlanError
from gslb.names import from_text
from gslb.plan import EMPTY, NO_PARTITION, Dynamic, Group, Hinted, Node, Partition, Pick, Pool, Row, RRset, Snapshot, Sticky, Zone

APEXES = [from_text(t) for t in ("a.example.", "b.example.")]
SOA = RRset(6, 300, (b"\0\0" + bytes(20),))


GOOD_ROW = Row(Pick.WEIGHTED, 1, 30, (Group(1, (b"abcd",)),))
HINTS = Node(hinted=(Hinted(65, 60, 9, b"\0\1\0", b"", b""),))


@dataclass
class Bad:
    name: str
    words: list[delta.Word]


BAD = [
    Bad("weights sum to 0", [delta.PoolStart(1, "p", NO_PARTITION), delta.PoolRows(1, (GOOD_ROW._replace(groups=(Group(0, (b"abcd",)),)),))]),
    Bad("weights sum to 2**32", [delta.PoolStart(1, "p", NO_PARTITION), delta.PoolRows(1, (GOOD_ROW._replace(groups=(Group(2**32, (b"abcd",)),)),))]),
    Bad("a sticky row that sticks to nothing", [delta.PoolStart(1, "p", NO_PARTITION), delta.PoolRows(1, (GOOD_ROW._replace(pick=Pick.STICKY),))]),
    Bad("another row that sticks", [delta.PoolStart(1, "p", NO_PARTITION), delta.PoolRows(1, (GOOD_ROW._replace(sticky=Sticky(1, 24, 56)),))]),
    Bad(
        "33 bits of an IPv4 address",
        [delta.PoolStart(1, "p", NO_PARTITION), delta.PoolRows(1, (GOOD_ROW._replace(pick=Pick.STICKY, sticky=Sticky(1, 33, 56)),))],
    ),
    Bad("a coupling with a seed of 65 bits", [delta.PoolStart(1, "p", NO_PARTITION, Sticky(2**64, 24, 56))]),
    Bad("a key of 65 bits", [delta.PoolStart(1, "p", NO_PARTITION), delta.PoolRows(1, (GOOD_ROW._replace(groups=(Group(1, (), key=2**64),)),))]),
    Bad("TTL", [delta.PoolStart(1, "p", NO_PARTITION), delta.PoolRows(1, (GOOD_ROW._replace(ttl=2**31),))]),
    Bad("row of an unknown number", [delta.PoolStart(1, "p", NO_PARTITION), delta.PoolMap(1, 1, 1, bytes(4))]),
    Bad("no default", [delta.PoolStart(1, "p", NO_PARTITION), delta.PoolRows(1, (GOOD_ROW,)), delta.PoolMap(1, 1, 0, bytes(4))]),
    Bad(
        "no such partition",
        [delta.PoolStart(1, "p", 5), delta.PoolRows(1, (GOOD_ROW,)), delta.PoolMap(1, 1, 1, bytes(4)), delta.Commit(2)],
    ),
    Bad(
        "fewer rows than regions",
        [
            delta.PartitionStart(5, 24, 56),
            delta.PartitionRuns(5, 4, array("I", [0, 9]).tobytes(), b"", array("H", [0, 7]).tobytes()),
            delta.PartitionRuns(5, 6, array("Q", [0]).tobytes(), array("Q", [0]).tobytes(), array("H", [0]).tobytes()),
            delta.PoolStart(1, "p", 5),
            delta.PoolRows(1, (GOOD_ROW,)),
            delta.PoolMap(1, 1, 1, bytes(4)),
            delta.Commit(2),
        ],
    ),
    Bad("runs descend", [delta.PartitionStart(5, 24, 56), delta.PartitionRuns(5, 4, array("I", [0, 9, 3]).tobytes(), b"", bytes(6))]),
    Bad("runs of odd length", [delta.PartitionStart(5, 24, 56), delta.PartitionRuns(5, 4, b"\0\0\0", b"", b"\0\0")]),
    Bad(
        "a partition that starts late",
        [delta.PartitionStart(5, 24, 56), delta.PartitionRuns(5, 4, array("I", [1]).tobytes(), b"", bytes(2)), delta.Commit(2)],
    ),
    Bad(
        "a name of no pool",
        [delta.ZoneStart(APEXES[0], SOA, 5, True), delta.ZoneNames(APEXES[0], ((APEXES[0], Node((), Dynamic(9, (1,)))),)), delta.Commit(2)],
    ),
    Bad(
        "hints of no pool",
        [delta.ZoneStart(APEXES[0], SOA, 5, True), delta.ZoneNames(APEXES[0], ((APEXES[0], HINTS),)), delta.Commit(2)],
    ),
    Bad("a zone without apex", [delta.ZoneStart(APEXES[0], SOA, 5, True), delta.Commit(2)]),
    Bad("a name outside", [delta.ZoneStart(APEXES[0], SOA, 5, True), delta.ZoneNames(APEXES[0], ((APEXES[1], Node()),))]),
    Bad("change of a zone that is not there", [delta.ZoneStart(APEXES[0], SOA, 5, False)]),
    Bad("names of a zone not started", [delta.ZoneNames(APEXES[0], ())]),
    Bad("removal of what is not there", [delta.PoolGone(4)]),
    Bad("another generation", [delta.Commit(3)]),
    Bad("not a word", [("x",)]),  # type: ignore[list-item]  # what a broken pipe could carry
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_plan_is_refused_whole(bad: Bad) -> None:
    assembler = Assembler()
    *good, last = [Slice(number, word) for number, word in enumerate([delta.Begin(0, 2), *bad.words])]
    for message in good:
        assembler.feed(message)
    with pytest.raises(PlanError):
        assembler.feed(last)
    assert assembler.live is EMPTY
    with pytest.raises(PlanError, match="outside a delta"):
        assembler.feed(Slice(9, delta.Commit(2)))


def test_a_delta_from_another_generation_is_refused() -> None:
    with pytest.raises(PlanError, match="is live"):
        Assembler().feed(Slice(0, delta.Begin(4, 5)))


def test_every_word_has_a_tag() -> None:
    defined = {value for value in vars(words).values() if isinstance(value, type) and value.__module__ == words.__name__} - {Slice}
    assert defined == set(delta.WORDS)


LIVE = Snapshot(
    1,
    {APEXES[0]: Zone(APEXES[0], SOA, 5, {APEXES[0]: Node((SOA,), Dynamic(1, (1,)))}, {})},
    {1: Pool("p", 5, {1: (GOOD_ROW, GOOD_ROW)}, {1: GOOD_ROW})},
    {5: Partition(array("I", [0, 9]), array("H", [0, 1]), array("Q", [0]), array("Q", [0]), array("H", [0]))},
)

small = st.integers(-1, 6)
octets = st.binary(max_size=16)
anything = st.one_of(
    st.none(), small, octets, st.sampled_from(APEXES), st.text(max_size=3), st.lists(small, max_size=2), st.just(SOA), st.just(Node())
)
rows = st.builds(
    Row, st.sampled_from(Pick) | anything, small, small, st.lists(st.builds(Group, small, st.just(())), max_size=2).map(tuple) | anything
)
apexes = st.sampled_from(APEXES)
named = st.lists(st.tuples(apexes, st.just(Node((), Dynamic(2, (1,)))) | anything), max_size=2).map(tuple)
sound_words = st.one_of(
    st.builds(delta.PartitionStart, small, st.just(24), st.just(56)),
    st.builds(delta.PartitionRuns, small, st.sampled_from([4, 6]), octets, octets, octets),
    st.builds(delta.PartitionGone, small),
    st.builds(delta.PoolStart, small, st.just("p"), small),
    st.builds(delta.PoolRows, small, st.lists(rows, max_size=2).map(tuple)),
    st.builds(delta.PoolMap, small, st.just(1), small, octets),
    st.builds(delta.PoolGone, small),
    st.builds(delta.ZoneStart, apexes, st.just(SOA), small, st.booleans()),
    st.builds(delta.ZoneNames, apexes, named),
    st.builds(delta.ZoneGlue, apexes, named),
    st.builds(delta.ZoneDrop, apexes, st.lists(apexes, max_size=1).map(tuple), st.just(())),
    st.builds(delta.ZoneGone, apexes),
)
wild_words = st.sampled_from(delta.WORDS).flatmap(lambda kind: st.builds(kind, *[anything] * len(kind._fields)))


@given(st.sampled_from([0, 1]), st.lists(sound_words | wild_words, max_size=6))
def test_whatever_comes_is_refused_or_gives_a_plan_that_holds_together(base, stream):
    assembler = Assembler(LIVE)
    before = pickle.dumps(LIVE)
    try:
        for number, word in enumerate([delta.Begin(base, 2), *stream, delta.Commit(2)]):
            assembler.feed(Slice(number, word))
    except PlanError:
        assert assembler.live is LIVE
    else:
        assert_sound(assembler.live)
    assert pickle.dumps(LIVE) == before
    for message in (Slice(0, delta.Begin(0, 3)), Slice(1, delta.Commit(3))):  # the next delta finds the assembler ready
        assembler.feed(message)
    assert assembler.live == Snapshot(3, {}, {}, {})


def assert_sound(snapshot):
    """What the answer path takes for granted."""
    for pool in snapshot.pools.values():
        regions = 1
        if pool.partition != NO_PARTITION:
            partition = snapshot.partitions[pool.partition]
            regions = 1 + max(*partition.v4_region, *partition.v6_region)
        assert all(len(table) >= regions for table in pool.rows.values())
        assert pool.default.keys() == pool.rows.keys()
    for partition in snapshot.partitions.values():
        assert partition.v4_start[0] == 0
        assert list(partition.v4_start) == sorted(set(partition.v4_start))
        assert len(partition.v4_start) == len(partition.v4_region)
        wide = list(zip(partition.v6_high, partition.v6_low, partition.v6_region, strict=True))
        assert wide[0][:2] == (0, 0)
    for apex, zone in snapshot.zones.items():
        assert apex in zone.nodes
        assert all(node.dynamic.pool in snapshot.pools for node in zone.nodes.values() if node.dynamic)
