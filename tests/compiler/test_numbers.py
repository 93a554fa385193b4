"""Numbers of named things: stable, distinct, and indifferent to their neighbours."""

from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

from gslb.compiler import numbers
from gslb.compiler.numbers import numbered


@given(st.lists(st.binary(max_size=3), max_size=30), st.randoms())
def test_numbers_are_distinct_and_do_not_depend_on_the_order_of_distinct_names(names, chance):
    given_numbers = numbered(names)
    assert len(set(given_numbers)) == len(names)
    assert all(0 <= n < 2**32 for n in given_numbers)
    distinct = sorted(set(names))
    shuffled = chance.sample(distinct, len(distinct))
    assert dict(zip(shuffled, numbered(shuffled), strict=True)) == dict(zip(distinct, numbered(distinct), strict=True))


def test_a_new_name_changes_no_other_number():
    assert numbered([b"web", b"api", b"new"])[:2] == numbered([b"web", b"api"]) == [crc32(b"web"), crc32(b"api")]


def test_names_with_equal_sums_get_neighbouring_numbers(monkeypatch):
    monkeypatch.setattr(numbers, "crc32", lambda octets: 0xFFFFFFFF if octets != b"c" else 0)
    assert numbered([b"b", b"a", b"c"]) == [0, 0xFFFFFFFF, 1]
