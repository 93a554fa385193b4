"""SipHash-2-4 against the vectors of its reference implementation (vectors.h: key 00…0f, the data 00, 00 01, … of every length below 64)."""

from __future__ import annotations

import hashlib

import pytest

from gslb.answer.siphash import siphash

KEY = bytes(range(16))


@pytest.mark.parametrize(
    ("size", "octets"),
    [
        *((0, "310e0edd47db6f72"), (1, "fd67dc93c539f874"), (7, "37d1018bf50002ab"), (8, "6224939a79f5f593")),
        *((9, "b0e4a90bdf82009e"), (15, "e545be4961ca29a1"), (16, "db9bc2577fcc2a3f"), (63, "724506eb4c328a95")),
    ],
)
def test_vectors(size: int, octets: str) -> None:
    assert siphash(KEY, bytes(range(size))).to_bytes(8, "little").hex() == octets


def test_all_vectors() -> None:
    found = b"".join(siphash(KEY, bytes(range(size))).to_bytes(8, "little") for size in range(64))
    assert hashlib.sha256(found).hexdigest() == "0226a91002af9775a791b3ec5a48e643f8848d2d5774dea9be3438d5786bb58e"
