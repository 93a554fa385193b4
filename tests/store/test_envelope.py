"""Envelopes: what was sealed is read, and whatever was touched is refused."""

from __future__ import annotations

import contextlib
import json
import zlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gslb.store.envelope import CONTEXT, INFLATED, LARGEST, MAGIC, REASONS, UNSIGNED, Anybody, Header, RefusedError, Unsigned, peek, seal, unseal

HEADER = Header("votes", "", "", 1_700_000_000_000, 7, 1, 3)


class Pen:
    name = "fra-1"
    key = "k1"

    def __init__(self):
        self.private = Ed25519PrivateKey.generate()

    def sign(self, message):
        return self.private.sign(message)


class Reader:
    def __init__(self, pen):
        self.public = pen.private.public_key()

    def verify(self, _header, signature, message):
        try:
            self.public.verify(signature, message)
        except InvalidSignature:
            raise RefusedError("signature", "forged") from None


def test_there_and_back():
    pen = Pen()
    record = seal(HEADER, {"votes": [1, "ü", None]}, pen)
    header = HEADER._replace(signer="fra-1", key="k1")
    assert unseal(record, Reader(pen)) == (header, {"votes": [1, "ü", None]})
    assert peek(record) == header
    assert unseal(seal(HEADER, [], Unsigned("lab")), Anybody()) == (HEADER._replace(signer="lab"), [])


def test_every_octet_counts():
    pen = Pen()
    record, reader = seal(HEADER, {"a": 1}, pen), Reader(pen)
    for at in range(len(record)):
        altered = record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]
        with pytest.raises(RefusedError) as refused:
            unseal(altered, reader)
        assert refused.value.reason in REASONS


@given(st.binary(max_size=300))
def test_garbage_is_refused_by_name(data):
    for record in (data, MAGIC + UNSIGNED + data):
        with contextlib.suppress(RefusedError):
            unseal(record, Anybody())


def test_sizes_are_bounded():
    with pytest.raises(RefusedError, match="at most"):
        peek(bytes(LARGEST + 1))
    bomb = MAGIC + UNSIGNED + json.dumps(HEADER).encode() + b"\n" + zlib.compress(b"[" + b" " * (INFLATED + 1) + b"]")
    assert len(bomb) < LARGEST
    with pytest.raises(RefusedError) as refused:
        unseal(bomb, Anybody())
    assert refused.value.reason == "size"
    with pytest.raises(ValueError, match="octets"):
        seal(HEADER, [hash(str(n)) for n in range(20_000)], Unsigned("lab"))


@pytest.mark.parametrize("header", [["votes", "p", "", 1, 1, 1, 1], ["vote", "p", "", 1, 1, 0, 1], ["votes", "p", "", -1, 1, 0, 1], {}, ["votes"]])
def test_odd_headers_are_refused(header):
    record = MAGIC + UNSIGNED + json.dumps(header).encode() + b"\n" + zlib.compress(b"[]")
    with pytest.raises(RefusedError):
        peek(record)


def test_what_is_signed_says_what_for():
    pen = Pen()
    record = seal(HEADER, [], pen)
    payload = record[len(MAGIC) + 64 :]
    pen.private.public_key().verify(record[len(MAGIC) : len(MAGIC) + 64], CONTEXT + payload)
