"""The last accepted files: what is kept comes back the same, and what is damaged is refused."""

from __future__ import annotations

import json
import os
import stat

import pytest

from gslb.config import load, saved
from gslb.errors import StoreError

ZONE = "zone: example.com\nrecords:\n  '': {type: NS, values: [ns.example.org.]}\n  www: {type: A, value: 192.0.2.1}\n  ü: {type: TXT, value: ü}\n"
MASTER = "$INCLUDE soa.inc\n@ 60 IN NS ns.example.org.\nwww 60 IN A 192.0.2.1\n"


@pytest.fixture
def zones(tmp_path):
    folder = tmp_path / "zones"
    folder.mkdir()
    (folder / "example.com.yaml").write_text(ZONE)
    (folder / "example.net.zone").write_text(MASTER)
    (folder / "soa.inc").write_text("@ 60 IN SOA ns.example.org. h.example.org. 1 7200 900 1209600 300\n")
    (tmp_path / "networks.yaml").write_text("10.0.0.0/8: {country: DE}\n")
    return folder


def test_what_is_kept_comes_back_when_the_files_are_gone(zones, tmp_path):
    state = tmp_path / "state" / "deep"
    accepted = load([zones], tmp_path / "networks.yaml")
    assert not accepted.fatal, accepted.problems
    saved.save(state, accepted)
    for path in [*zones.iterdir(), tmp_path / "networks.yaml"]:
        path.unlink()
    again = saved.load_saved(state)
    assert again.model == accepted.model
    assert again.model.networks
    assert again.problems == accepted.problems
    assert dict(again.sources) == dict(accepted.sources)
    assert [path.name for path in state.iterdir()] == ["accepted"]
    assert stat.S_IMODE((state / "accepted").stat().st_mode) == 0o600


def test_what_was_kept_can_be_kept_again(zones, tmp_path):
    saved.save(tmp_path, load([zones]))
    first = (tmp_path / "accepted").read_bytes()
    saved.save(tmp_path, saved.load_saved(tmp_path))
    assert (tmp_path / "accepted").read_bytes() == first


def test_large_files_are_written_in_pieces(zones, tmp_path, monkeypatch):
    (zones / "example.com.yaml").write_text(ZONE + '  odd: {type: TXT, value: "\U0001f600 \\" \\\\"} # \u2028\n')
    accepted = load([zones])
    saved.save(tmp_path, accepted)
    whole = (tmp_path / "accepted").read_bytes()
    assert json.loads(whole.partition(b"\n")[2]) == [[str(one.path), one.role, one.text] for one in accepted.files]
    monkeypatch.setattr(saved, "PIECE", 1)
    saved.save(tmp_path, accepted)
    assert (tmp_path / "accepted").read_bytes() == whole


def test_nothing_to_keep(tmp_path):
    saved.save(tmp_path, load([]))
    assert saved.load_saved(tmp_path).files == ()


def test_nothing_kept(tmp_path):
    assert saved.load_saved(tmp_path) is None


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-1], lambda d: d[1:], lambda d: d.replace(b"192.0.2.1", b"192.0.2.6"), lambda _: b"", lambda d: d + b"x"]
)
def test_damage_is_refused(zones, tmp_path, damage):
    saved.save(tmp_path, load([zones]))
    path = tmp_path / "accepted"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StoreError, match="damaged"):
        saved.load_saved(tmp_path)


@pytest.mark.parametrize("rest", [b"{}", b"[[1]]", b"[[1, 2, 3]]", b'[["a", "b", "c"]]', b"7", b"nonsense", b"null"])
def test_another_content_with_a_right_checksum_is_refused(tmp_path, rest):
    from hashlib import sha256

    (tmp_path / "accepted").write_bytes(b"gslb-accepted 1 " + sha256(rest).hexdigest().encode() + b"\n" + rest)
    if rest == b"{}":
        assert saved.load_saved(tmp_path).sources == {}
        return
    with pytest.raises(StoreError, match="not what this version writes"):
        saved.load_saved(tmp_path)


def test_a_disk_that_does_not_take_it_leaves_what_was_there(zones, tmp_path, monkeypatch):
    saved.save(tmp_path, load([zones]))
    before = (tmp_path / "accepted").read_bytes()

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        saved.save(tmp_path, load([zones / "example.com.yaml"]))
    assert (tmp_path / "accepted").read_bytes() == before
    assert not list(tmp_path.glob(".accepted*"))


def test_a_folder_that_cannot_be_made(zones, tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StoreError, match="not kept"):
        saved.save(tmp_path / "state", load([zones]))
