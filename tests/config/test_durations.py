"""Durations and TTLs as operators write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.config import durations


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("5s", 5),
        ("500ms", 0.5),
        ("2m", 120),
        ("1h30m", 5400),
        ("1d", 86400),
        ("1w", 604800),
        ("1.5s", 1.5),
        (7, 7),
        (0.25, 0.25),
        (0, 0),
        (" 5S ", 5),
    ],
)
def test_durations(written, seconds):
    assert durations.seconds(written) == seconds


@pytest.mark.parametrize(
    "written", ["", "5", "s", "5 s", "5x", "-5s", -1, True, None, [], "1e3s", float("nan"), float("inf"), "9999999w", "5s5", "٣s"]
)
def test_what_is_no_duration(written):
    with pytest.raises(ValueError, match="duration"):
        durations.seconds(written)


@pytest.mark.parametrize(("written", "seconds"), [(0, 0), (300, 300), ("300", 300), ("5m", 300), (2**31 - 1, 2**31 - 1), (60.0, 60)])
def test_ttls(written, seconds):
    assert durations.ttl(written) == seconds
    assert type(durations.ttl(written)) is int


@pytest.mark.parametrize("written", [-1, 2**31, "2147483648", 1.5, "1.5s", "500ms", True, None, "", "x", "٣", float("nan"), "99999999999"])
def test_what_is_no_ttl(written):
    with pytest.raises(ValueError, match=r"TTL|duration"):
        durations.ttl(written)


@given(st.text(max_size=10) | st.integers() | st.floats() | st.none() | st.booleans())
def test_anything_is_read_or_refused(written):
    for read in (durations.seconds, durations.ttl):
        try:
            assert read(written) >= 0
        except ValueError as error:
            assert str(error)  # noqa: PT017  either outcome is right
