"""Nodes made on demand are those of the table they stand for, and what differs between two loads is found without making them."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from gslb import names, plan
from gslb.compiler import Compiler
from gslb.compiler.delta import diff
from gslb.compiler.nodes import Nodes, difference
from gslb.compiler.zones import compile_zone
from gslb.delta import Assembler, ZoneDrop, ZoneNames
from gslb.errors import Where
from gslb.model import Location, Model, NameData, PoolRef, RRset, Zone

APEX, ORG = names.from_text("example.com."), names.from_text("example.org.")
SOA = RRset(6, 300, (b"\0\0" + bytes(16) + (30).to_bytes(4),))
MAIL = names.from_text("Mail", APEX)

_owners = st.sampled_from([names.from_text(text, APEX) for text in ("a", "b.a", "c.b.a", "*", "d.e", "e", "f.e", "g.f.e")])
_rrsets = st.sampled_from(
    [
        *(RRset(1, 300, (b"\xc0\0\2\1",)), RRset(1, 60, (b"\xc0\0\2\1",)), RRset(28, 300, (bytes(16), bytes(15) + b"\1"))),
        *(RRset(15, 60, (b"\0\x0a" + MAIL,), (MAIL,)), RRset(2, 60, (MAIL,), (MAIL,)), RRset(39, 60, (MAIL,), (MAIL,)), RRset(16, 60, (b"\1x",))),
    ]
)
_data = st.builds(
    NameData,
    st.lists(_rrsets, min_size=1, max_size=3, unique_by=lambda one: one.type).map(tuple),
    st.sampled_from([None, None, None, PoolRef("web")]),
)
_zones = st.dictionaries(_owners, _data)


def compiled(table: dict[bytes, NameData], line: int = 1) -> plan.Zone:
    """Compile a zone whose names stand at some line of the file."""
    moved = {
        name: NameData(tuple(RRset(r.type, r.ttl, r.rdata, r.targets, Where("f", line)) for r in data.rrsets), data.pool)
        for name, data in table.items()
    }
    return compile_zone(Zone(APEX, {**moved, APEX: NameData((SOA,))}), {"web": 4})


@given(_zones)
def test_they_are_a_mapping_like_the_table(table: dict[bytes, NameData]) -> None:
    nodes = compiled(table).nodes
    made = dict(nodes.items())
    assert nodes == made
    assert len(nodes) == len(made)
    assert set(nodes) == made.keys()
    for name in {*table, *made, names.from_text("no", APEX)}:
        assert (name in nodes) == (name in made)
        assert nodes.get(name) == made.get(name)
    assert nodes == compiled(table, line=9).nodes
    for node in made.values():
        kinds = [rrset.type for rrset in node.rrsets]
        assert kinds == sorted(kinds)


@given(_zones, _zones, st.booleans())
def test_the_difference_is_that_of_the_tables(one: dict[bytes, NameData], two: dict[bytes, NameData], alike: bool) -> None:
    old, new = compiled(one).nodes, compiled({**one, **two} if alike else two, line=9).nodes
    found, plainly = difference(old, new), difference(dict(old), dict(new))
    assert set(found.changed) == set(plainly.changed)
    assert set(found.gone) == set(plainly.gone)
    assert len(found.changed) == len(set(found.changed))
    assert (old == new) is (found == ((), ()))
    assert difference(old, new) is found  # remembered
    assert set(difference(new, old).gone) == new.keys() - old.keys()


@given(_zones, _zones)
def test_a_delta_carries_just_that(one: dict[bytes, NameData], two: dict[bytes, NameData]) -> None:
    pools = {4: plan.Pool("web", plan.NO_PARTITION, {}, {})}
    old = plan.Snapshot(1, {APEX: compiled(one)}, pools, {})
    new = plan.Snapshot(2, {APEX: compiled({**one, **two}, line=9)}, pools, {})
    assembler = Assembler()
    for message in diff(plan.EMPTY, old):
        assembler.feed(message)
    words = [message.word for message in diff(old, new)]
    for message in diff(old, new):
        assembler.feed(message)
    assert assembler.live == new
    sent = {name for word in words if isinstance(word, ZoneNames) for name, _ in word.nodes}
    dropped = {name for word in words if isinstance(word, ZoneDrop) for name in word.names}
    found = difference(old.zones[APEX].nodes, new.zones[APEX].nodes)
    assert sent == set(found.changed) or sent == new.zones[APEX].nodes.keys()
    assert dropped <= set(found.gone)


def test_a_load_keeps_the_zones_that_are_equal_and_knows_what_others_lack() -> None:
    def no_partition(_regions: Sequence[int]) -> plan.Partition:
        raise AssertionError("no pool, no partition")

    def load(served: plan.Snapshot, address: int, line: int) -> plan.Snapshot:
        where = Where("f", line)
        zones = {
            apex: Zone(apex, {apex: NameData((SOA,)), names.from_text("a", apex): NameData((RRset(1, 60, (octets,), where=where),))})
            for apex, octets in ((APEX, bytes(4)), (ORG, address.to_bytes(4)))
        }
        return Compiler(Model({}, {}, {}, zones), [Location()], no_partition).compile({}, 1, served=served)

    first = load(plan.EMPTY, 1, 1)
    second = load(first, 2, 9)
    assert second.zones[APEX] is first.zones[APEX]
    assert second.zones[ORG] is not first.zones[ORG]
    assert difference(first.zones[ORG].nodes, second.zones[ORG].nodes).changed == (names.from_text("a", ORG),)
    assert load(first, 1, 9).zones[ORG] is first.zones[ORG]


def test_one_changed_name_is_all_that_is_compared_at_length() -> None:
    table = {names.from_text(f"n{at}", APEX): NameData((RRset(1, 300, (at.to_bytes(4),)),)) for at in range(1_000)}
    old = compiled(table)
    changed = names.from_text("n500", APEX)
    new = compiled({**table, changed: NameData((RRset(1, 300, (b"\1\2\3\4",)),))}, line=2)
    assert isinstance(new.nodes, Nodes)
    assert difference(old.nodes, new.nodes) == ((changed,), ())
    assert old != new
    assert old == compiled(table, line=3)
