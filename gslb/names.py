"""Domain names in wire form: `bytes` of length-prefixed labels, ending in the root's zero octet.

Every floor uses this one form; text appears only at the edges (files, logs, command line).
Tables hold lower-case names. `bytes.lower()` is safe on a whole name: a length octet is at most 63,
below "A" (RFC 1035 section 2.3.4), so only label octets can change.
"""

from __future__ import annotations

from typing import Final

ROOT: Final = b"\0"
MAX_NAME: Final = 255  # RFC 1035 section 2.3.4, octets on the wire, root included
MAX_LABEL: Final = 63

_LENGTH: Final = tuple(bytes([size]) for size in range(MAX_LABEL + 1))
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*/:+=#!~%&'<>?[]^`{|},")


def from_text(text: str, origin: bytes = ROOT) -> bytes:
    r"""Read a name in RFC 1035 text form (`\.` and `\DDD` escapes); relative names end in `origin`.

    `@` alone is the origin. Raises ValueError with a message for the operator.
    """
    if text == "@":
        return origin
    if text == ".":
        return ROOT
    if not text:
        raise ValueError("empty name")
    try:
        raw = text.encode("ascii")
    except UnicodeEncodeError:
        return from_text(_idna(text), origin)
    if b"\\" not in raw:
        plain = raw.split(b".")
        return _bounded(text, plain[:-1], ROOT) if not plain[-1] else _bounded(text, plain, origin)
    labels: list[bytes] = []
    label = bytearray()
    absolute = False
    i = 0
    while i < len(raw):
        octet = raw[i]
        absolute = False
        if octet == 0x5C:  # backslash: \DDD or \X, RFC 1035 section 5.1
            digits = raw[i + 1 : i + 4]
            if digits[:1].isdigit():
                if len(digits) < 3 or not digits.isdigit() or int(digits) > 255:
                    raise ValueError(f"bad escape in name {text!r}: \\DDD needs three digits up to 255")
                label.append(int(digits))
                i += 4
            elif digits:
                label.append(digits[0])
                i += 2
            else:
                raise ValueError(f"name {text!r} ends in a lone backslash")
        elif octet == 0x2E:
            if not label:
                raise ValueError(f"empty label in name {text!r}")
            labels.append(bytes(label))
            label.clear()
            absolute = True
            i += 1
        else:
            label.append(octet)
            i += 1
    if label:
        labels.append(bytes(label))
    return _bounded(text, labels, ROOT if absolute else origin)


def to_text(name: bytes) -> str:
    r"""Write a name in absolute text form, dots and odd octets inside labels escaped (`\.`, `\DDD`)."""
    if name == ROOT:
        return "."
    return "".join(
        "".join(chr(o) if o in _PLAIN else f"\\{chr(o)}" if 0x21 <= o <= 0x7E else f"\\{o:03d}" for o in label) + "." for label in labels(name)
    )


def labels(name: bytes) -> list[bytes]:
    """Split into labels, the root's empty one left out."""
    out = []
    at = 0
    while name[at]:
        end = at + 1 + name[at]
        out.append(name[at + 1 : end])
        at = end
    return out


def join(parts: list[bytes], origin: bytes = ROOT) -> bytes:
    """Put labels in front of a name."""
    return b"".join(bytes([len(p)]) + p for p in parts) + origin


def parent(name: bytes) -> bytes:
    """Return the name without its first label; the root has no parent."""
    return name[1 + name[0] :]


def is_under(name: bytes, apex: bytes) -> bool:
    """Whether `name` is `apex` or below it; both in the same letter case."""
    if not name.endswith(apex):
        return False
    at = 0
    left = len(name) - len(apex)
    while at < left:
        at += 1 + name[at]
    return at == left


def is_wildcard(name: bytes) -> bool:
    """Whether the first label is exactly `*` (RFC 4592 section 2.1.1)."""
    return name[:2] == b"\x01*"


def _bounded(text: str, parts: list[bytes], origin: bytes) -> bytes:
    name = b""
    for one in parts:
        size = len(one)
        if not size:
            raise ValueError(f"empty label in name {text!r}")
        if size > MAX_LABEL:
            raise ValueError(f"label of {size} octets in name {text!r}: at most {MAX_LABEL}")
        name += _LENGTH[size] + one
    name += origin
    if len(name) > MAX_NAME:
        raise ValueError(f"name {text!r} takes {len(name)} octets: at most {MAX_NAME}")
    return name


def _idna(text: str) -> str:
    try:
        return ".".join(part.encode("idna").decode("ascii") if part else "" for part in text.split("."))
    except UnicodeError as error:
        raise ValueError(f"name {text!r} is not a valid internationalised name: {error}") from None
