"""Packed names are the names they were made from, in every respect but memory."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from gslb import names
from gslb.errors import Where
from gslb.model import Hinted, NameData, PoolRef, RRset
from gslb.packed import empty_above, pack, packed_names, pooled, targets, unpacked, without_places

APEX = names.from_text("example.com.")
WWW = names.from_text("www", APEX)
MAIL = names.from_text("Mail", APEX)
ADDRESS = RRset(1, 300, (b"\xc0\0\2\1",), where=Where("f", 3, 9))
MX = RRset(15, 60, (b"\0\x0a" + MAIL, b"\0\x14\0"), (MAIL, b"\0"), Where("g", 4, 1))

_wires = st.one_of(st.just(b"\0\x0a" + MAIL), st.just(MAIL), st.binary(max_size=6), st.just(bytes(70_000)))
_places = st.builds(Where, st.sampled_from(["", "f", "g"]), st.sampled_from([0, 1, 2**32 - 1, 2**32]), st.sampled_from([0, 7, 65_535, 65_536]))
_types = st.sampled_from([1, 2, 5, 15, 16, 33, 65, 65_400])


@st.composite
def _rrsets(draw: st.DrawFn) -> RRset:
    number, rdata = draw(_types), tuple(draw(st.lists(_wires, max_size=3)))
    try:
        found = tuple(target for wire in rdata for target in targets(number, wire))
    except IndexError:
        found = ()
    return RRset(number, draw(st.integers(0, 2**31 - 1)), rdata, draw(st.sampled_from([found, (), (WWW,)])), draw(_places))


_data = st.builds(
    NameData,
    st.lists(_rrsets(), max_size=4).map(tuple),
    st.sampled_from([None, None, None, PoolRef("web")]),
    st.sampled_from([(), (), (), (Hinted(65, 60, b"\0\1\0", "web"),)]),
)
_tables = st.dictionaries(st.sampled_from([names.from_text(text, APEX) for text in ("@", "a", "b.a", "c.b.a", "*", "d.e")]), _data)


@given(_tables)
def test_packing_loses_nothing(table: dict[bytes, NameData]) -> None:
    packed = packed_names(table)
    assert packed == table
    assert repr({name: packed[name] for name in table}) == repr(table)  # places too, which do not count as different
    assert len(packed) == len(table)
    assert set(packed) == packed.keys() == table.keys()
    assert all(name in packed for name in table)
    assert names.ROOT not in packed
    assert packed.get(names.ROOT) is None
    assert packed_names(packed) is packed


@given(_tables, st.sets(_types))
def test_names_are_found_by_what_stands_there(table: dict[bytes, NameData], types: set[int]) -> None:
    packed = packed_names(table)
    assert dict(pooled(packed)) == dict(pooled(table)) == {name: data for name, data in table.items() if data.pool}
    holding = {name for name, data in table.items() if any(rrset.type in types for rrset in data.rrsets)}
    beside = {name for name, data in table.items() if any(rrset.type not in types for rrset in data.rrsets)}
    assert {name for name, data in packed.of_types(types) if name in packed.packed} == holding & packed.packed.keys()
    assert {name for name, data in packed.besides(types) if name in packed.packed} == beside & packed.packed.keys()
    assert packed.whole.keys() <= dict(packed.besides(types)).keys() & dict(packed.of_types(types)).keys() & dict(packed.larger(9_999)).keys()
    assert packed.ttls() == {rrset.ttl for name in packed.packed for rrset in table[name].rrsets}
    assert dict(packed.larger(0)) == table


def test_static_names_are_packed_and_others_are_not() -> None:
    for data in (NameData((ADDRESS,)), NameData((ADDRESS, MX))):
        assert pack(data, {}) is not None
    odd = RRset(15, 60, MX.rdata, (WWW,))  # targets that are not those of the data
    for data in (NameData(), NameData((ADDRESS,), PoolRef("web")), NameData((odd,)), NameData((ADDRESS,), None, (Hinted(65, 60, b"\0\1\0", "web"),))):
        assert pack(data, {}) is None


def test_what_is_served_does_not_hang_on_places() -> None:
    moved = RRset(ADDRESS.type, ADDRESS.ttl, ADDRESS.rdata, where=Where("g", 99, 1))
    values = [pack(NameData((one, MX)), files) for one, files in ((ADDRESS, {}), (moved, {"x": 0}))]
    assert values[0] is not None
    assert values[1] is not None
    assert values[0] != values[1]
    assert without_places(values[0]) == without_places(values[1])
    assert [one.where for one in unpacked(values[0], ("f", "g"))] == [ADDRESS.where, MX.where]


def test_larger_walks_past_the_small() -> None:
    table = packed_names({WWW: NameData((ADDRESS,)), MAIL: NameData((MX,))})
    assert [name for name, _ in table.larger(25)] == [MAIL]


def test_empty_non_terminals() -> None:
    held = {names.from_text(text, APEX): 0 for text in ("@", "a", "c.b.a", "d.c.b.a", "x.y.z")}
    assert empty_above(held, APEX) == {names.from_text(text, APEX) for text in ("b.a", "y.z", "z")}
    assert empty_above({}, APEX) == set()


def test_a_name_takes_little() -> None:
    """The reason for all of this; 230 octets, the table's share included."""
    count = 20_000
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        made = ((b"\x07n%06d" % at + APEX, RRset(1, 300, (at.to_bytes(4),), where=Where("f", at, 9))) for at in range(count))
        table = packed_names({name: NameData((rrset,)) for name, rrset in made})
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(table.packed) == count
    assert taken < 300 * count
