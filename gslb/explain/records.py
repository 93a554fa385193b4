"""Record data as a person writes them: addresses, names, anything else as RFC 3597 has it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from gslb import names

_NAMES = (2, 5, 12, 39)  # NS, CNAME, PTR, DNAME: a name and nothing else
_A, _AAAA = 1, 28


def rdata_text(kind: int, data: bytes) -> str:
    """Write one record's data."""
    if kind == _A and len(data) == 4:
        return str(IPv4Address(data))
    if kind == _AAAA and len(data) == 16:
        return str(IPv6Address(data))
    if kind in _NAMES:
        return names.to_text(data)
    return f"\\# {len(data)} {data.hex()}".rstrip()
