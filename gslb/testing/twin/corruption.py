"""Deltas with one thing wrong: a slice lost, doubled or moved, a number out of its range, an array cut short.

What octets of names and records say is left alone: control compiles them, and no assembler parses them.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

from gslb.delta import PartitionRuns, PoolMap, Slice
from gslb.plan import Pick

_NUMBERS: Final = (-1, 0, 1, 2, 4, 5, 33, 129, 255, 256, 2**16 - 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1, 2**64)


def corrupted(chance: Random, messages: list[Slice]) -> list[Slice]:
    """Return the delta with one thing wrong; now and then it is right all the same."""
    at = chance.randrange(len(messages))
    number, word = messages[at]
    match chance.randrange(12):
        case 0:
            return [*messages[:at], *messages[at + 1 :]]
        case 1:
            return _numbered([*messages[:at], *messages[at + 1 :]])
        case 2:
            return _numbered([*messages[: at + 1], *messages[at:]])
        case 3:
            other = chance.randrange(len(messages))
            swapped = [*messages]
            swapped[at], swapped[other] = swapped[other], swapped[at]
            return _numbered(swapped)
        case 4:
            return [*messages[:at], Slice(number + chance.choice((-1, 1, 7)), word), *messages[at + 1 :]]
        case _:
            return [*messages[:at], Slice(number, _twisted(chance, word)), *messages[at + 1 :]]


def _numbered(messages: list[Slice]) -> list[Slice]:
    return [Slice(n, word) for n, (_, word) in enumerate(messages)]


def _twisted(chance: Random, value: Any) -> Any:
    """Change one number, or one array, somewhere in a word."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, Pick):
        return chance.choice((*Pick, -1, len(Pick), 256))  # what is a pick comes as one
    if isinstance(value, int):
        return value + chance.choice((-1, 1)) if chance.random() < 0.3 else chance.choice(_NUMBERS)
    if isinstance(value, bytes):
        return value
    if isinstance(value, PartitionRuns | PoolMap) and chance.random() < 0.7:
        return _cut(chance, value)
    parts = [n for n, part in enumerate(value) if _holds_numbers(part)]
    if not parts:
        return value
    at = chance.choice(parts)
    changed = (*value[:at], _twisted(chance, value[at]), *value[at + 1 :])
    if not hasattr(value, "_fields"):
        return changed[:at] + changed[at + 1 :] if chance.random() < 0.05 else changed
    return type(value)(*changed)


def _cut(chance: Random, word: PartitionRuns | PoolMap) -> PartitionRuns | PoolMap:
    """Change the arrays of a word."""
    name = chance.choice(("starts", "lows", "regions") if isinstance(word, PartitionRuns) else ("rows",))
    data = bytearray(getattr(word, name))
    match chance.randrange(4):
        case 0:
            del data[chance.randrange(len(data) + 1) :]
        case 1:
            data += chance.randbytes(chance.choice((1, 2, 4, 8)))
        case 2 if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case _:
            data[: chance.choice((1, 2, 4, 8))] = b""
    more: dict[str, Any] = {name: bytes(data)}
    return word._replace(**more)


def _holds_numbers(part: Any) -> bool:
    if isinstance(part, bool):
        return False
    return isinstance(part, int) or (isinstance(part, tuple) and any(map(_holds_numbers, part)))
