"""Reading ahead: what was begun is handed over once, and never in place of what the files say by then."""

from __future__ import annotations

from pathlib import Path
from queue import Queue
from threading import Event
from typing import Any

import pytest

from gslb import geo
from gslb.errors import GeoError
from gslb.geo import ahead
from gslb.geo.mmdb import Database


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Queue[bytes]:
    """Tell what is read; a content stands for its database."""
    seen: Queue[bytes] = Queue()

    def read(path: Path, _cache: Path | None) -> bytes:
        content = path.read_bytes()
        seen.put(content)
        if content == b"broken":
            raise GeoError("broken")
        return content

    monkeypatch.setattr("gslb.geo.kept.read", read)
    return seen


def asked(folder: Path, cache: Path | None = None) -> Any:
    return geo.read(folder, cache=cache)


def test_what_was_begun_is_handed_over_once(tmp_path: Path, reads: Queue[bytes]) -> None:
    (tmp_path / "a.mmdb").write_bytes(b"one")
    geo.read_ahead(tmp_path)
    assert asked(tmp_path) == [b"one"]
    assert reads.qsize() == 1
    assert asked(tmp_path) == [b"one"]
    assert reads.qsize() == 2


def test_a_file_that_was_replaced_meanwhile_is_read_anew(tmp_path: Path, reads: Queue[bytes]) -> None:
    (tmp_path / "a.mmdb").write_bytes(b"one")
    geo.read_ahead(tmp_path)
    assert reads.get(timeout=10) == b"one"
    (tmp_path / "a.mmdb").write_bytes(b"other")
    assert asked(tmp_path) == [b"other"]


def test_another_folder_for_what_is_kept_is_another_question(tmp_path: Path, reads: Queue[bytes]) -> None:
    (tmp_path / "a.mmdb").write_bytes(b"one")
    geo.read_ahead(tmp_path)
    assert reads.get(timeout=10) == b"one"
    assert asked(tmp_path, tmp_path / "state") == [b"one"]
    assert reads.get(timeout=10) == b"one"


def test_faults_are_raised_where_the_databases_are_wanted(tmp_path: Path, reads: Queue[bytes]) -> None:
    (tmp_path / "a.mmdb").write_bytes(b"broken")
    geo.read_ahead(tmp_path)
    with pytest.raises(GeoError, match="broken"):
        geo.read(tmp_path)
    assert reads.qsize() == 1
    geo.read_ahead(tmp_path / "missing")
    with pytest.raises(OSError, match="missing"):
        geo.read(tmp_path / "missing")


def test_who_wants_it_waits_until_it_is_read() -> None:
    began, may_end = Event(), Event()

    def read() -> list[Database]:
        began.set()
        assert may_end.wait(10)
        return []

    ahead.begin("state", read)
    assert began.wait(10)
    may_end.set()
    assert ahead.taken("state") == []
    assert ahead.taken("state") is None
