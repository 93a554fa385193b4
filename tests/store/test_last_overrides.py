"""Words on disk: every field comes back, and what is damaged is not obeyed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from gslb.errors import StoreError
from gslb.override import Hold, Kind, Level, Override, Withdrawal
from gslb.store.last_overrides import FILE, Remembered, load, save

WORDS = (
    Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", reason="new switches — ✓", since=100.5, expires=200.0),
    Override(Kind.WEIGHT, Level.MEMBER, pool="web", member="2001:db8::1", weight=0, author="bob", reason="canary", since=1.0),
    Hold("ann", "probers are moved", 3.0, None),
    Withdrawal("pool/web/state", "bob", "", 4.0),
)


def test_every_field_comes_back(tmp_path):
    assert load(tmp_path) == Remembered()
    save(tmp_path / "new", WORDS)
    assert load(tmp_path / "new") == Remembered(WORDS)
    save(tmp_path / "new", WORDS[:1])
    assert load(tmp_path / "new").words == WORDS[:1]
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE]


def test_damage_is_noticed(tmp_path):
    save(tmp_path, WORDS)
    whole = (tmp_path / FILE).read_bytes()
    for at in range(0, len(whole), 7):
        (tmp_path / FILE).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert load(tmp_path).words == ()
        assert "ignored" in load(tmp_path).problem


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"word": "override"},
        {"word": "shout", "key": "x", "author": "", "reason": "", "since": 0},
        {"word": "hold", "author": "", "reason": "", "since": None, "expires": None},
        {"word": "hold", "author": "", "reason": 5, "since": 0, "expires": None},
        {"word": "hold", "author": "", "reason": "x" * 2000, "since": 0, "expires": None},
        {"word": "hold", "author": "", "reason": "", "since": float("nan"), "expires": None},
        {"word": "withdrawal", "key": "x", "author": "", "reason": "", "since": 0, "more": ""},
        {
            **dict.fromkeys(("site", "pool", "member", "author", "reason"), ""),
            "word": "override",
            "kind": "up",
            "level": "town",
            "weight": 1,
            "since": 0,
            "expires": None,
        },
        {
            **dict.fromkeys(("site", "pool", "member", "author", "reason"), ""),
            "word": "override",
            "kind": "up",
            "level": "site",
            "weight": -1,
            "since": 0,
            "expires": None,
        },
    ],
)
def test_what_this_version_does_not_write_is_not_obeyed(tmp_path, row):
    rest = json.dumps({"words": [row]}).encode()
    (tmp_path / FILE).write_bytes(f"gslb-overrides 1 {hashlib.sha256(rest).hexdigest()}\n".encode() + rest)
    found = load(tmp_path)
    assert found.words == ()
    assert "not as this version writes it" in found.problem


def test_a_disk_that_takes_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="overrides not saved"):
        save(tmp_path / "file", WORDS)


def test_one_word_of_each_kind_about_one_subject():
    drain = WORDS[0]
    assert isinstance(drain, Override)
    assert (drain.key, drain.subject) == ("site/fra/drain", "fra")
    assert replace(drain, reason="other").key == drain.key
    up, down = replace(drain, kind=Kind.UP), replace(drain, kind=Kind.DOWN)
    assert up.key == down.key == "site/fra/state"
    assert WORDS[1].key == "member/web/2001:db8::1/weight"
    assert Override(Kind.UP, Level.POOL, pool="web").key == "pool/web/state"


def test_the_signed_record_is_kept_beside_the_words(tmp_path):
    save(tmp_path, WORDS, b"\x00sealed\xff")
    assert load(tmp_path).sealed == b"\x00sealed\xff"
