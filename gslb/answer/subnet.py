"""The client subnet option (RFC 7871): reads it, and knows the blocks of addresses that are not what they seem.

Called by `wire` and `region`. Never guesses: what RFC 7871 calls malformed is None, and the query gets FORMERR.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final, NamedTuple

ECS: Final = 8  # option code
V4_END: Final = 1 << 32
V6_END: Final = 1 << 128


class Subnet(NamedTuple):
    """A client subnet as asked. `octets`: as many of the address as `source` needs, zeros beyond it."""

    bits: int  # 32 or 128
    source: int
    octets: bytes


def parse_subnet(option: bytes) -> Subnet | None:
    """Read the option's data; None where RFC 7871 section 6 calls it malformed."""
    if len(option) < 4 or option[0] or option[1] not in (1, 2) or option[3]:  # family; SCOPE must be 0 in a query
        return None
    bits = 32 if option[1] == 1 else 128
    source = option[2]
    octets = option[4:]
    if source > bits or len(octets) != (source + 7) >> 3:
        return None
    if octets and octets[-1] & spare(source):
        return None
    return Subnet(bits, source, octets)


def spare(source: int) -> int:
    """Bits of the last address octet that lie beyond SOURCE and must be 0."""
    return 0xFF >> (source & 7) if source & 7 else 0


def embedded(address: int) -> tuple[int, int] | None:
    """Find the IPv4 address inside an IPv6 one, and how many bits stand before it; None where there is none.

    The caller passes zeros for bits it does not know; scopes counted in the IPv4 address shift back by the second value.
    """
    block = bisect_right(_FOLDED, address)
    if not block & 1:
        return None
    if address >> 112 == 0x2002:
        return address >> 80 & 0xFFFFFFFF, 16  # 6to4, RFC 3056 section 2
    low = address & 0xFFFFFFFF
    if address >> 96 == 0x20010000:
        return low ^ 0xFFFFFFFF, 96  # Teredo, RFC 4380 section 4: the client's address inverted
    return low, 96  # mapped (RFC 4291 section 2.5.5.2) and NAT64 (RFC 6052 section 2.1)


def folded_gap(address: int) -> tuple[int, int]:
    """First address of, and behind, the stretch between blocks that hold IPv4 addresses."""
    at = bisect_right(_FOLDED, address)
    return _FOLDED[at - 1] if at else 0, _FOLDED[at] if at < len(_FOLDED) else V6_END


def special_gap(address: int, bits: int) -> tuple[int, int, bool]:
    """First address of, and behind, the special-purpose block around the address, or the stretch between two; and whether it is a block."""
    bounds = _SPECIAL4 if bits == 32 else _SPECIAL6
    at = bisect_right(bounds, address)
    return bounds[at - 1] if at else 0, bounds[at] if at < len(bounds) else 1 << bits, bool(at & 1)


# Starts and ends of blocks, in order: an odd bisect position lies inside one.
_FOLDED: Final = (
    *(0xFFFF << 32, 0x10000 << 32),  # ::ffff:0:0/96
    *(0x0064FF9B << 96, (0x0064FF9B << 96) + V4_END),  # 64:ff9b::/96
    *(0x20010000 << 96, 0x20010001 << 96),  # 2001::/32
    *(0x2002 << 112, 0x2003 << 112),  # 2002::/16
)

# Blocks whose addresses say nothing about where a client is, because every network may use them (RFC 6890 and its registry).
# Documentation blocks are left out: no client has them, and operators try their own maps with them.
_SPECIAL4: Final = (
    *(0, 1 << 24),  # 0.0.0.0/8
    *(10 << 24, 11 << 24),  # 10.0.0.0/8
    *(0x64400000, 0x64800000),  # 100.64.0.0/10
    *(127 << 24, 128 << 24),  # 127.0.0.0/8
    *(0xA9FE0000, 0xA9FF0000),  # 169.254.0.0/16
    *(0xAC100000, 0xAC200000),  # 172.16.0.0/12
    *(0xC0A80000, 0xC0A90000),  # 192.168.0.0/16
    *(0xF0000000, V4_END),  # 240.0.0.0/4
)
_SPECIAL6: Final = (
    *(0, 2),  # :: and ::1
    *(0xFC << 120, 0xFE << 120),  # fc00::/7
    *(0xFE80 << 112, 0xFEC0 << 112),  # fe80::/10
)
