"""What is kept of a database is the database, and nothing else is ever taken for it."""

from __future__ import annotations

import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gslb import geo
from gslb.errors import GeoError
from gslb.geo import countries, kept, mmdb, source
from gslb.geo.mmdb import Database
from gslb.model import UNKNOWN_LOCATION

PLACES = {
    "192.0.2.0/24": {"country": {"iso_code": "DE"}, "location": {"latitude": 50.1, "longitude": 8.7}},
    "198.51.100.0/25": {"country": {"iso_code": "US"}, "subdivisions": [{"iso_code": "CA"}]},
    "2001:db8::/33": {"country": {"iso_code": "FR"}},
    "2001:db8:8000::/64": {"autonomous_system_number": 64_500},
}


@pytest.fixture
def packed(tmp_path: Path, make: Callable[..., bytes]) -> Path:
    path = tmp_path / "x.mmdb.xz"
    path.write_bytes(lzma.compress(make(PLACES)))
    return path


def same(one: Database, other: Database) -> bool:
    """Compare two databases, columns and their kinds too."""
    columns = [(a, b) for runs in ("v4", "v6") for a, b in zip(getattr(one, runs), getattr(other, runs), strict=True)]
    rest = [[getattr(each, name) for name in Database.__slots__ if name not in ("v4", "v6")] for each in (one, other)]
    return rest[0] == rest[1] and all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in columns)


def test_what_is_kept_is_the_database(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = kept.read(packed, None)
    assert same(kept.read(packed, tmp_path / "state"), plain)
    assert (tmp_path / "state" / "x.mmdb.xz.runs").stat().st_mode & 0o777 == 0o644
    monkeypatch.setattr(mmdb, "read", lambda *_: pytest.fail("flattened again"))
    monkeypatch.setattr(source, "content", lambda *_: pytest.fail("unpacked again"))
    again = kept.read(packed, tmp_path / "state")
    assert same(again, plain)
    assert again.locations[0] is UNKNOWN_LOCATION
    assert all(column.flags.aligned for runs in (again.v4, again.v6) for column in runs)
    located = geo.atlas.build([again], (), {})
    whole = geo.atlas.build([plain], (), {})
    assert located.cut(range(len(located.locations))) == whole.cut(range(len(whole.locations)))


@pytest.mark.parametrize("damage", [b"", b"gslb-geo 1 ", "cut", "bit", "more"])
def test_damage_is_seen(damage: bytes | str, packed: Path, tmp_path: Path) -> None:
    plain = kept.read(packed, tmp_path)
    path = tmp_path / "x.mmdb.xz.runs"
    good = path.read_bytes()
    broken = {"cut": good[:-1], "bit": good[:-9] + bytes([good[-9] ^ 1]) + good[-8:], "more": good + b"x"}
    path.write_bytes(broken[damage] if isinstance(damage, str) else damage)
    assert same(kept.read(packed, tmp_path), plain)
    assert path.read_bytes() == good


@pytest.mark.parametrize("change", ["edition", "table", "version", "name"])
def test_what_it_was_made_of_has_changed(change: str, packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.read(packed, tmp_path)
    made: list[str] = []
    read = mmdb.read

    def counted(octets: bytes, name: str, table: countries.Countries) -> Database:
        made.append(name)
        return read(octets, name, table)

    monkeypatch.setattr(mmdb, "read", counted)
    if change == "edition":
        packed.write_bytes(lzma.compress(lzma.decompress(packed.read_bytes()), preset=0))
    elif change == "table":
        monkeypatch.setattr(kept, "table_text", lambda: "{}")
    elif change == "version":
        monkeypatch.setattr(kept, "__version__", "9")
    else:
        packed = packed.rename(tmp_path / "y.mmdb.xz")
    for _ in range(2):
        assert kept.read(packed, tmp_path).name == packed.name
    assert made == [packed.name]


def test_a_folder_that_cannot_be_used_is_no_fault(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert same(kept.read(packed, tmp_path / "file"), kept.read(packed, None))


def test_what_is_too_large_is_not_kept(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 10)
    kept.read(packed, tmp_path / "state")
    assert not (tmp_path / "state" / "x.mmdb.xz.runs").exists()


def test_faults_of_the_file_are_told(packed: Path, tmp_path: Path) -> None:
    packed.write_bytes(b"no such thing")
    with pytest.raises(GeoError, match="cannot be unpacked"):
        kept.read(packed, tmp_path)
    packed.unlink()
    with pytest.raises(GeoError, match="No such file"):
        kept.read(packed, tmp_path)
    assert countries.table_text()
