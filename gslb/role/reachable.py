"""Where checks that come through the API may not look: this machine and its surroundings (loopback, link-local, the clouds' metadata, …).

Whoever may publish files or records would else have the probers ask there, and read in the reasons what answers (server-side request forgery). What
the files on disk name is the operator's own business. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from gslb.errors import Problem, Where
from gslb.targets import Index

METADATA: Final = tuple(ip_network(one) for one in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "168.63.129.16/32"))


def refusals(new: Index, old: Index, allowed: Sequence[str]) -> list[Problem]:
    """Say which targets are new and may not be reached. `allowed`: networks that may be, all the same."""
    networks = [ip_network(one) for one in allowed]
    known = {target.address for target in old.probes}
    return list(_refused(sorted({target.address for target in new.probes} - known), networks))


def _refused(addresses: Iterable[str], allowed: Sequence[IPv4Network | IPv6Network]) -> Iterator[Problem]:
    for text in addresses:
        address = ip_address(text)
        plain = getattr(address, "ipv4_mapped", None) or address
        inside = plain.is_loopback or plain.is_link_local or plain.is_unspecified or plain.is_multicast or any(plain in one for one in METADATA)
        if inside and not any(plain in one for one in allowed):
            message = f"a check would look at {text}, on this machine or beside it"
            yield Problem("F012", message, Where("api.check_targets"), "the operator may allow it: api.check_targets")
