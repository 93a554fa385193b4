"""Marks and epochs: forward only, also over restarts; and a disk that takes nothing stops nobody."""

from __future__ import annotations

import pytest

from gslb.errors import StoreError
from gslb.store.epochs import FILE as EPOCHS
from gslb.store.epochs import next_epoch
from gslb.store.marks import FILE, BookMark, Mark, Marks


def everybody(_writer, _name, _key):
    return True


@pytest.fixture
def lines(monkeypatch):
    said = []
    monkeypatch.setattr("gslb.log.warning", lambda event, **_fields: said.append(event))
    return said


def test_there_and_back(tmp_path, lines):
    marks = Marks.load(tmp_path, everybody)
    marks.votes["p1"] = Mark("k1", 100, 7)
    marks.leases["p1"] = Mark("k1", 100, 9, 17.25)
    marks.book = BookMark("ann", "k2", 1_763_644_284_123)
    marks.save()
    again = Marks.load(tmp_path, everybody)
    assert (again.votes, again.leases, again.book) == (marks.votes, marks.leases, marks.book)
    again.drop("p1")
    again.drop("nobody")
    again.save()
    assert Marks.load(tmp_path, everybody).votes == {}
    assert lines == []


def test_nothing_new_is_nothing_written(tmp_path):
    marks = Marks(tmp_path)
    marks.votes["p1"] = Mark("k1", 100, 7)
    marks.save()
    (tmp_path / FILE).unlink()
    marks.save()
    assert not (tmp_path / FILE).exists()
    Marks(None).save()


def test_marks_go_with_their_keys(tmp_path):
    marks = Marks(tmp_path)
    marks.votes = {"p1": Mark("old", 100, 7), "p2": Mark("new", 100, 7)}
    marks.leases = {"p1": Mark("new", 100, 9, 1.0)}
    marks.book = BookMark("ann", "old", 9)
    marks.save()
    again = Marks.load(tmp_path, lambda writer, name, key: key == "new")
    assert (set(again.votes), set(again.leases), again.book) == ({"p2"}, {"p1"}, BookMark())


@pytest.mark.parametrize("content", [b"", b"gslb-marks 1 00\n{}", b"\0" * 100])
def test_damage_is_said_and_nothing_is_known(tmp_path, lines, content):
    (tmp_path / FILE).write_bytes(content)
    assert Marks.load(tmp_path, everybody).votes == {}
    assert len(lines) == 1


@pytest.mark.parametrize("content", [[], {}, {"votes": {"p1": []}, "leases": {}, "book": ["", "", 0]}, {"votes": {"p1": [1, "x", None]}}])
def test_odd_content_is_said(tmp_path, lines, content):
    from gslb.store import kept_file

    kept_file.write(tmp_path / FILE, "gslb-marks 1", content, "marks")
    assert Marks.load(tmp_path, everybody).votes == {}
    assert len(lines) == 1


def test_a_disk_that_takes_nothing_is_a_store_error(tmp_path):
    (tmp_path / "file").touch()
    marks = Marks(tmp_path / "file")
    marks.book = BookMark("ann", "k", 1)
    with pytest.raises(StoreError, match="marks not saved"):
        marks.save()


def test_epochs_go_forward_whatever_the_clock_says(tmp_path, lines):
    assert next_epoch(tmp_path, "p1", 1000) == 1000
    assert next_epoch(tmp_path, "p1", 1000) == 1001
    assert next_epoch(tmp_path, "p1", 5) == 1002
    assert next_epoch(tmp_path, "p2", 5) == 5
    assert next_epoch(tmp_path, "p1", 9000) == 9000
    assert next_epoch(None, "p1", 7) == 7
    assert lines == []
    (tmp_path / EPOCHS).write_text("damaged")
    assert next_epoch(tmp_path, "p1", 10_000) == 10_000
    assert len(lines) == 1


def test_without_a_disk_the_clock_counts(tmp_path, lines):
    (tmp_path / "file").touch()
    assert next_epoch(tmp_path / "file", "p1", 1000) == 1000
    assert lines
