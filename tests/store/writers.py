"""Writers of a shared store, for tests: what a prober, an operator and a site put into it, sealed with keys that are made here."""

from __future__ import annotations

import os
from dataclasses import replace

from gslb.lease import Lease
from gslb.store import book, push_record
from gslb.store.batch import lease_content, parts, votes_content
from gslb.store.envelope import Header, Unsigned, seal
from gslb.store.identity import Identity
from gslb.store.keys import PrivateKey, PublicKeys
from gslb.store.state import Overrides
from gslb.store.trust import Known, read_public
from gslb.verdict import State, Target, Vote

A = Target("web", "d1", "192.0.2.1")
B = Target("web", "d1", "2001:db8::1")
C = Target("dns", "d2", "192.0.2.3")


def key_of(name):
    return PrivateKey(name, os.urandom(32))


def known(*keys, place=""):
    return Known(dict(read_public(key.public) for key in keys), place)


def vote(prober, target, state=State.UP, since=1.5):
    return Vote(target, prober, state, since, reason="status 200")


class Prober:
    """One start of a prober; `hash` is what stands in the store, `lease` its last lease."""

    def __init__(self, name="p1", signer=None, epoch=100, place="fra"):
        self.name, self.epoch, self.place = name, epoch, place
        self.signer = signer or Unsigned(name)
        self.sequence = self.renewals = 0
        self.votes, self.hash, self.lease = {}, {}, b""

    def rewrite(self, *states, batch=parts):
        """All votes anew, from (target, state)."""
        self.votes = {target: vote(self.name, target, state) for target, state in states}
        self.sequence += 1
        pieces = batch(list(self.votes.values()))
        self.hash = {
            f"a{n}": seal(Header("all", "", "", self.epoch, self.sequence, n, len(pieces)), votes_content(piece), self.signer)
            for n, piece in enumerate(pieces)
        }
        return self.hash

    def change(self, *states, gone=()):
        """Say what has changed; returns the record."""
        said = [vote(self.name, target, state) for target, state in states]
        self.votes.update((one.target, one) for one in said)
        for target in gone:
            self.votes.pop(target, None)
        self.sequence += 1
        record = seal(Header("votes", "", "", self.epoch, self.sequence), votes_content(said, gone), self.signer)
        self.hash[f"c{self.sequence}"] = record
        return record

    def renew(self, at=10.0, answers=(), **more):
        """Renew the lease; returns the record."""
        self.renewals += 1
        lease = replace(Lease(self.name, self.place, at, epoch=self.epoch, sequence=self.sequence), **more)
        self.lease = seal(Header("lease", "", "", self.epoch, self.renewals), lease_content(lease, answers), self.signer)
        return self.lease


def book_record(signer, version, *words):
    content = book.content(Overrides(version, {word.key: word for word in words}))
    return seal(Header("book", "", "", 1, version), content, signer)


def push(signer, word, sequence, epoch=1):
    return seal(Header("push", "", "", epoch, sequence), push_record.content(word), signer)


def identity(tmp_path=None, place="", **names):
    """A nameserver that believes these keys: `prober=[key, …]`, `operator=…`, `site=…`."""
    trust = {writer: {key.name: known(*(one for one in keys if one.name == key.name), place=place) for key in keys} for writer, keys in names.items()}
    return Identity("ns1", keyring=PublicKeys(trust), state_dir=tmp_path)
