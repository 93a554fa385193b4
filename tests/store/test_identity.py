"""Who uses a store: every kind of record has a writer, and without keys nothing is signed."""

from __future__ import annotations

from gslb.store import Identity, open_store
from gslb.store.envelope import KINDS
from gslb.store.identity import WRITERS


class Nobody:
    def verify(self, header, signature, message):
        raise AssertionError


def test_every_kind_has_its_writer():
    assert set(WRITERS) == set(KINDS)


def test_signed_is_whoever_does_not_believe_everybody():
    assert not Identity().signed
    assert Identity(keyring=Nobody()).signed


async def test_a_store_is_told_who_uses_it(monkeypatch):
    told = []
    monkeypatch.setitem(open_store.__globals__["STORES"], "other", lambda url, identity: told.append((url, identity)))
    open_store("other://there", Identity("ns1"))
    open_store("other://there")
    assert told == [("other://there", Identity("ns1")), ("other://there", Identity())]
