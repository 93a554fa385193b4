"""A reload reads anew what has changed, and nothing else; the outcome is the same as if it had read everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from gslb import names
from gslb.config import Loaded, load

HEAD = "@ 60 IN SOA ns.example.org. h.example.org. 1 7200 900 1209600 300\n@ 60 IN NS ns.example.org.\n"
NET, ORG = names.from_text("example.net."), names.from_text("example.org.")


@pytest.fixture
def zones(tmp_path: Path) -> Path:
    (tmp_path / "example.net.zone").write_text(HEAD + "$INCLUDE more.inc\n")
    (tmp_path / "more.inc").write_text("www 60 IN A 192.0.2.1\nwww 60 IN A 192.0.2.1\n")
    (tmp_path / "example.org.zone").write_text(HEAD + "ns 60 IN A 192.0.2.1\n")
    return tmp_path


def again(zones: Path, before: Loaded) -> Loaded:
    """Load anew, with and without what is known from before: the same."""
    quick, plainly = load([zones], before=before), load([zones])
    assert quick.model == plainly.model
    assert quick.problems == plainly.problems
    assert quick.sources == plainly.sources
    assert quick.files == plainly.files
    return quick


def test_what_has_not_changed_is_the_same_object(zones: Path) -> None:
    first = load([zones])
    assert [problem.code for problem in first.problems] == ["M019"]  # told again by every load
    second = again(zones, first)
    assert second.model.zones[NET] is first.model.zones[NET]
    assert second.model.zones[ORG] is first.model.zones[ORG]
    third = again(zones, second)
    assert third.model.zones[ORG] is first.model.zones[ORG]


def test_what_has_changed_is_read(zones: Path) -> None:
    first = load([zones])
    (zones / "example.org.zone").write_text(HEAD + "ns 60 IN A 192.0.2.2\n")
    second = again(zones, first)
    assert second.model.zones[NET] is first.model.zones[NET]
    assert second.model.zones[ORG].names[names.from_text("ns", ORG)].rrsets[0].rdata == (b"\xc0\0\2\2",)


def test_included_files_count(zones: Path) -> None:
    first = load([zones])
    (zones / "more.inc").write_text("www 60 IN A 192.0.2.3\n")
    second = again(zones, first)
    assert second.model.zones[NET].names[names.from_text("www", NET)].rrsets[0].rdata == (b"\xc0\0\2\3",)
    assert second.model.zones[ORG] is first.model.zones[ORG]
    (zones / "more.inc").unlink()
    assert again(zones, second).fatal
    (zones / "more.inc").write_text("www 60 IN A 192.0.2.3\n")
    assert again(zones, second).model.zones[NET] is second.model.zones[NET]


def test_a_renamed_file_is_another_zone(zones: Path) -> None:
    first = load([zones])
    (zones / "example.org.zone").rename(zones / "example.edu.zone")
    assert ORG not in again(zones, first).model.zones
