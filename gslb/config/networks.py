"""`networks.yaml` — what the operator knows of clients' networks.

Called by `gslb.config.load`; gives `model.NetworkFact`s in the order written. Operator networks win over geo data, longest prefix first,
so the same network twice would be a contradiction and is refused.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any, Final

from gslb.config import options
from gslb.config.document import Node
from gslb.config.sites import coordinates
from gslb.config.words import meant
from gslb.errors import Problems, Where
from gslb.model import Network, NetworkFact
from gslb.option import Kind, Option

CONTINENTS: Final = ("AF", "AN", "AS", "EU", "NA", "OC", "SA")

NETWORK: Final = {
    "site": Option(Kind.STRING, "the site these clients are at"),
    "country": Option(Kind.STRING, "ISO 3166-1 code of the country, such as DE"),
    "continent": Option(Kind.STRING, "AF, AN, AS, EU, NA, OC or SA", choices=CONTINENTS),
    "subdivision": Option(Kind.STRING, "ISO 3166-2 code without the country, such as CA for California"),
    "location": Option(Kind.ANY, "[latitude, longitude] in degrees"),
    "asn": Option(Kind.INTEGER, "number of the autonomous system", None, 1, 2**32 - 1),
    "tags": Option(Kind.STRINGS, "words of your own"),
}


def read(node: Node, problems: Problems) -> tuple[NetworkFact, ...]:
    """Read the whole file."""
    if not options.mapping(node, problems, "a file of networks"):
        return ()
    seen: dict[Network, Where] = {}
    facts = []
    for key, child in node.items():
        network = parse(key, child.key_where, problems)
        if network is None:
            continue
        if network in seen:
            problems.error("C011", f"network {network} stands here a second time", child.key_where, f"the first one is at {seen[network]}")
            continue
        seen[network] = child.key_where
        fact = _fact(network, child, problems)
        if fact is not None:
            facts.append(fact)
    return tuple(facts)


def parse(text: str, where: Where, problems: Problems) -> Network | None:
    """Read a network in CIDR form; host bits must be zero, for a slip there changes who is meant."""
    try:
        loose = ip_network(text, strict=False)
    except ValueError:
        problems.error("C010", f"{text[:80]!r} is not a network", where, "write 203.0.113.0/24 or 2001:db8::/32")
        return None
    try:
        return ip_network(text)
    except ValueError:
        problems.error("C010", f"{text!r} has bits set beyond its prefix length", where, f"write {loose}")
        return None


def _fact(network: Network, node: Node, problems: Problems) -> NetworkFact | None:
    what = f"network {network}"
    if not options.mapping(node, problems, what):
        return None
    if not node.value:
        problems.error("C017", f"{what} says nothing", node.where, "such as {site: fra} or {country: DE, tags: [office]}")
        return None
    given: dict[str, Any] = {**dict.fromkeys(NETWORK), **options.read(node, NETWORK, problems, what=what)}
    country = given["country"]
    if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha()):
        child = node.child("country")
        problems.error("C005", f"country of {what} is {country!r}, not a code of two letters", child.where, "ISO 3166-1, such as DE")
        country = None
    elif country == "UK":
        problems.error("C005", f"country of {what} is UK, which is no ISO 3166-1 code", node.child("country").where, meant("GB", ["GB"]))
    location = node.get("location")
    return NetworkFact(
        network,
        given["site"],
        country.upper() if country else None,
        given["continent"],
        given["subdivision"],
        coordinates(location, problems, what) if location else None,
        given["asn"],
        frozenset(given["tags"] or ()),
        where=node.key_where,
    )
