"""Database files: which ones a setting names, and that reading one is bounded, atomic and never trusts what it finds."""

from __future__ import annotations

import lzma
import os
from pathlib import Path

import pytest

from gslb.errors import GeoError
from gslb.geo import source

CONTENT = b"an MMDB file" * 1000


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "x.mmdb.xz"
    path.write_bytes(lzma.compress(CONTENT))
    return path


def test_a_folder_stands_for_its_databases_unpacked_before_packed(tmp_path: Path) -> None:
    for name in ("b.mmdb.xz", "a.mmdb", "a.mmdb.xz", "README.md", "countries.json"):
        (tmp_path / name).touch()
    (tmp_path / "c.mmdb").mkdir()
    other = tmp_path / "elsewhere.mmdb"
    assert [path.name for path in source.files(tmp_path)] == ["a.mmdb", "b.mmdb.xz"]
    assert source.files([other, tmp_path]) == [other, tmp_path / "a.mmdb", tmp_path / "b.mmdb.xz"]


def test_a_folder_without_databases_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(GeoError, match="no geo database"):
        source.files(tmp_path)


def test_plain_and_packed_content(packed: Path, tmp_path: Path) -> None:
    plain = tmp_path / "y.mmdb"
    plain.write_bytes(CONTENT)
    assert source.content(plain) == source.content(packed) == CONTENT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.mmdb.xz", "y.mmdb"]  # nothing is written unasked


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "chmod", full)
    with pytest.raises(OSError, match="No space left"):
        source.write(tmp_path / "x", CONTENT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [0, 1, 30, -1])
def test_a_packed_file_cut_short(length: int, packed: Path) -> None:
    packed.write_bytes(packed.read_bytes()[:length])
    with pytest.raises(GeoError, match=r"x\.mmdb\.xz: cannot be unpacked"):
        source.content(packed)


def test_a_bomb_is_not_unpacked_whole(packed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_SIZE", 1000)
    with pytest.raises(GeoError, match="larger than can be true"):
        source.content(packed)


def test_too_large_a_file(tmp_path: Path) -> None:
    path = tmp_path / "large.mmdb"
    with path.open("wb") as file:
        file.truncate(source.MAX_SIZE + 1)  # sparse
    with pytest.raises(GeoError, match="are not read"):
        source.content(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(GeoError, match=r"none\.mmdb: No such file"):
        source.content(tmp_path / "none.mmdb")
    os.mkfifo(tmp_path / "pipe.mmdb")
    with pytest.raises(GeoError, match="not a regular file"):
        source.content(tmp_path / "pipe.mmdb")
    with pytest.raises(GeoError, match="not a regular file"):
        source.content(Path("/dev/zero"))
