"""SipHash-2-4 (Aumasson, Bernstein 2012): a 64-bit hash of octets, the same in every process, on every node, in every language.

Called by `client`, once for each client and pool. Python's own `hash` is seeded per process and must never decide an answer.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

_64: Final = 0xFFFFFFFFFFFFFFFF
_WORD: Final = Struct("<Q")


def siphash(key: bytes, data: bytes) -> int:
    """Return the hash of `data` under a key of 16 octets."""
    low, high = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    state = (low ^ 0x736F6D6570736575, high ^ 0x646F72616E646F6D, low ^ 0x6C7967656E657261, high ^ 0x7465646279746573)
    size = len(data)
    last = bytes(-(size + 1) % 8) + bytes((size & 0xFF,))  # zeros up to a whole word, whose last octet is the length
    for (word,) in _WORD.iter_unpack(data + last):
        v0, v1, v2, v3 = _rounds((state[0], state[1], state[2], state[3] ^ word), 2)
        state = (v0 ^ word, v1, v2, v3)
    v0, v1, v2, v3 = _rounds((state[0], state[1], state[2] ^ 0xFF, state[3]), 4)
    return v0 ^ v1 ^ v2 ^ v3


def _rounds(state: tuple[int, int, int, int], count: int) -> tuple[int, int, int, int]:
    v0, v1, v2, v3 = state
    for _ in range(count):
        v0 = v0 + v1 & _64
        v1 = (v1 << 13 & _64 | v1 >> 51) ^ v0
        v0 = v0 << 32 & _64 | v0 >> 32
        v2 = v2 + v3 & _64
        v3 = (v3 << 16 & _64 | v3 >> 48) ^ v2
        v0 = v0 + v3 & _64
        v3 = (v3 << 21 & _64 | v3 >> 43) ^ v0
        v2 = v2 + v1 & _64
        v1 = (v1 << 17 & _64 | v1 >> 47) ^ v2
        v2 = v2 << 32 & _64 | v2 >> 32
    return v0, v1, v2, v3
