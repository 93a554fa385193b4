"""What is believed of published versions, and what of them is on disk."""

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb import bundle
from gslb.errors import StoreError
from gslb.store import Identity, bundles, last_bundle, parcel
from gslb.store.envelope import Header, RefusedError, Unsigned, seal
from gslb.store.keys import PrivateKey, PublicKeys
from gslb.store.ledger import Ledger, Records
from gslb.store.trust import Known, read_public
from gslb.testing.published import FILES, version

ANN, BOB, EVE = (PrivateKey(name, bytes([number]) * 32) for number, name in enumerate(("ann", "bob", "eve"), 1))


def trust(*who):
    return {"operator": {one.name: Known(dict([read_public(one.public)])) for one in who}}


def identity(*who, again=lambda: None, state_dir=None):
    return Identity("ns1", {}, PublicKeys(trust(*who), again), state_dir)


def head(number, **other):
    return replace(version(number).head(packed=100), at=5.0, **other)


def record(number, signer=ANN, header=None, **other):
    return seal(header or Header("bundle", "", "", number, 0), bundles.content(head(number, **other)), signer)


def test_versions_go_forward_only():
    ledger = Ledger(identity(ANN, BOB))
    one = ledger.bundles
    assert not one.take(b"")
    assert one.take(record(2))
    assert one.newest == bundle.Newest(head(2, signed_by="ann"), "", 2)
    assert not one.take(record(2)), "no news"
    assert not one.take(record(1))
    assert (one.newest.version, one.newest.refused) == (2, "version 1 after version 2")
    assert one.take(record(7, BOB))
    assert one.newest.refused == ""
    assert not one.take(b""), "what is missing is no news"
    assert one.newest.version == 7
    assert ledger.refused == {"replayed": 1}


@pytest.mark.parametrize(
    ("forged", "reason"),
    [
        (record(5, EVE), "signer"),
        (record(5, PrivateKey("ann", bytes(32))), "signer"),
        (record(5, Unsigned("ann")), "unsigned"),
        (record(5)[:-1] + b"\0", "signature"),
        (record(5)[:-9], "signature"),
        (b"nonsense", "format"),
        (record(5) + bytes(200_000), "size"),
        (seal(Header("book", "", "", 5, 0), {"version": 5, "words": []}, ANN), "kind"),
        (record(5, header=Header("bundle", "", "", 6, 0)), "content"),
        (record(5, digest="x" * 64), "content"),
        (record(5, size=bundle.LARGEST + 1), "content"),
        (record(5, message="x" * 401), "content"),
    ],
)
def test_what_is_not_an_operators_is_refused_counted_once_and_changes_nothing(forged, reason):
    ledger = Ledger(identity(ANN, BOB))
    ledger.bundles.take(record(2))
    for _ in range(3):
        assert not ledger.bundles.take(forged)
    assert ledger.bundles.newest.version == 2
    assert ledger.bundles.newest.refused
    assert ledger.refused == {reason: 1}
    assert not ledger.bundles.take(record(2)), "it is there again"
    assert not ledger.bundles.newest.refused


def test_what_was_believed_once_is_the_least_after_a_restart(tmp_path):
    before = Ledger(identity(ANN, state_dir=tmp_path))
    before.bundles.take(record(9))
    before.save()
    after = Ledger(identity(ANN, state_dir=tmp_path))
    assert after.bundles.newest == bundle.Newest(None, "", 9)
    assert not after.bundles.take(record(8))
    assert after.bundles.take(record(9))
    other = Ledger(identity(BOB, state_dir=tmp_path))
    assert other.bundles.take(record(1, BOB)), "a mark goes with the key that made it"


def test_a_stolen_key_that_is_taken_away_takes_its_numbers_along():
    news = []
    ledger = Ledger(identity(ANN, EVE, again=lambda: news.pop() if news else None))
    ledger.take_all(Records(100.0, "r", bundle=record(4_000_000_000, EVE)))
    assert ledger.state(100.0, "r").bundle == 4_000_000_000
    news.append(trust(ANN))
    ledger.take_leases({}, 200.0)
    assert ledger.state(200.0, "r").bundle == 0
    ledger.take_all(Records(201.0, "r", bundle=record(3)))
    assert ledger.state(201.0, "r").bundle == 3


def test_of_two_with_one_number_all_take_the_same_one():
    two = sorted([record(5), record(5, BOB)])
    for order in (two, two[::-1]):
        ledger = Ledger(identity(ANN, BOB))
        for one in order:
            ledger.bundles.take(one)
        assert ledger.bundles.record == two[1]


@given(st.recursive(st.none() | st.integers() | st.floats() | st.text(max_size=5), lambda x: st.lists(x, max_size=3)))
def test_odd_heads_are_refused(value):
    with contextlib.suppress(RefusedError):
        bundles.read(value)
    for name in bundles.content(head(1)):
        with contextlib.suppress(RefusedError):
            bundles.read(bundles.content(head(1)) | {name: value})


def test_parcels_are_what_was_signed_or_nothing(monkeypatch):
    files = version(1).files
    about, packed = version(1).head(), parcel.pack(files)
    assert parcel.unpack(packed, about) == files
    assert parcel.unpack(packed + b"behind", about) == files, "what stands behind it was never there"
    for damaged in (b"", b"junk", packed[:-1], packed[:100], parcel.pack({"a": b"b"}), zlib.compress(bytes(20 << 20), 1)):
        with pytest.raises(RefusedError):
            parcel.unpack(damaged, about)
    nothing = b"[]\n"
    with pytest.raises(RefusedError, match="no files"):
        parcel.unpack(zlib.compress(nothing), replace(about, digest=hashlib.sha256(nothing).hexdigest()))
    monkeypatch.setattr(bundle, "PACKED", 10_000)
    with pytest.raises(ValueError, match="when packed"):
        parcel.pack({"noise": os.urandom(11_000)})
    with pytest.raises(RefusedError, match="MiB of packed files"):
        parcel.unpack(os.urandom(11_000), about)


def test_the_version_on_disk_is_whole_or_not_there(tmp_path):
    assert last_bundle.load(tmp_path / "none") == last_bundle.Remembered()
    one = replace(version(3), sealed=record(3), signed_by="ann", at=5.0)
    last_bundle.save(tmp_path / "new", one)
    found = last_bundle.load(tmp_path / "new").bundle
    assert found == one
    assert (found.sealed, found.files["inc/of.zone"]) == (one.sealed, FILES["inc/of.zone"])
    path = tmp_path / "new" / last_bundle.FILE
    assert path.stat().st_mode & 0o077 == 0
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], whole[:90], whole.replace(b"ann", b"eve"), b"gslb-bundle 2" + whole[13:]):
        path.write_bytes(damaged)
        found, problem = last_bundle.load(tmp_path / "new")
        assert found is None
        assert "bundle" in problem
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="not kept"):
        last_bundle.save(tmp_path / "file" / "below", one)
