"""Numbers of the record types that rules speak of, and their mnemonics for messages (IANA DNS parameters)."""

from __future__ import annotations

from typing import Final

A: Final = 1
NS: Final = 2
CNAME: Final = 5
SOA: Final = 6
PTR: Final = 12
MX: Final = 15
TXT: Final = 16
KEY: Final = 25
AAAA: Final = 28
SRV: Final = 33
DNAME: Final = 39
DS: Final = 43
RRSIG: Final = 46
NSEC: Final = 47
DNSKEY: Final = 48
NSEC3: Final = 50
NSEC3PARAM: Final = 51
CDS: Final = 59
CDNSKEY: Final = 60
SVCB: Final = 64
HTTPS: Final = 65

ADDRESSES: Final = frozenset([A, AAAA])

_NAMES: Final = {number: name for name, number in globals().items() if isinstance(number, int)}


def text(number: int) -> str:
    """Return a type's mnemonic, `TYPEnnn` for those no rule speaks of."""
    return _NAMES.get(number, f"TYPE{number}")
