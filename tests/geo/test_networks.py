"""Operator networks: what each fact does to what is known below, and nested networks against asking each in turn."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb import geo
from gslb.geo import networks, runs
from gslb.geo.countries import countries
from gslb.model import Location, NetworkFact, Site

from .conftest import Make

FRA = Site("fra", "Frankfurt", (50.11, 8.68))
BARE = Site("bare")
SITES = {"fra": FRA, "bare": BARE}
CALIFORNIA = Location("US", "NA", "CA", (36.25, -120.48), 64500)
GAZETTEER = networks.Gazetteer(countries(), SITES, {("US", "CA"): (36.25, -120.48), ("US", "VA"): (38.4, -77.9)})
DE = countries().of["DE"].location


def fact(**named: Any) -> NetworkFact:
    return NetworkFact(ip_network("192.0.2.0/24"), **named)


@pytest.mark.parametrize(
    ("named", "becomes"),
    [
        ({}, CALIFORNIA),
        ({"country": "DE"}, Location("DE", "EU", None, DE, 64500)),
        ({"country": "DE", "subdivision": "Bavaria"}, Location("DE", "EU", "Bavaria", DE, 64500)),
        ({"country": "DE", "location": (48.1, 11.6)}, Location("DE", "EU", None, (48.1, 11.6), 64500)),
        ({"country": "US", "subdivision": "VA"}, Location("US", "NA", "VA", (38.4, -77.9), 64500)),
        ({"subdivision": "VA"}, Location("US", "NA", "VA", (38.4, -77.9), 64500)),
        ({"subdivision": "Virginia"}, Location("US", "NA", "VA", (38.4, -77.9), 64500)),
        ({"subdivision": "OR"}, Location("US", "NA", "OR", (36.25, -120.48), 64500)),
        ({"country": "CY", "continent": "AS"}, Location("CY", "AS", None, countries().of["CY"].location, 64500)),
        ({"continent": "AF"}, Location(None, "AF", None, None, 64500)),
        ({"location": (1.0, 2.0)}, Location("US", "NA", "CA", (1.0, 2.0), 64500)),
        ({"asn": 64501}, Location("US", "NA", "CA", (36.25, -120.48), 64501)),
        ({"site": "fra"}, Location("US", "NA", "CA", (50.11, 8.68), 64500, "fra")),
        ({"site": "bare"}, Location("US", "NA", "CA", (36.25, -120.48), 64500, "bare")),
        ({"site": "gone"}, Location("US", "NA", "CA", (36.25, -120.48), 64500, "gone")),
        ({"site": "fra", "country": "DE"}, Location("DE", "EU", None, (50.11, 8.68), 64500, "fra")),
        ({"site": "fra", "location": (1.0, 2.0)}, Location("US", "NA", "CA", (1.0, 2.0), 64500, "fra")),
        ({"tags": frozenset({"office"})}, Location("US", "NA", "CA", (36.25, -120.48), 64500, None, frozenset({"office"}))),
        ({"country": "ZZ"}, Location("ZZ", None, None, None, 64500)),
    ],
)
def test_what_a_fact_does(named: dict[str, Any], becomes: Location) -> None:
    found = networks.applied((fact(**named),), CALIFORNIA, GAZETTEER)
    assert found.network == "192.0.2.0/24"
    assert found == Location(**{name: getattr(becomes, name) for name in Location.__slots__} | {"network": "192.0.2.0/24"})


def test_the_narrower_network_wins_fact_by_fact() -> None:
    wide = NetworkFact(ip_network("10.0.0.0/8"), country="DE", asn=1, tags=frozenset({"a"}))
    middle = NetworkFact(ip_network("10.1.0.0/16"), site="fra", tags=frozenset({"b"}))
    narrow = NetworkFact(ip_network("10.1.2.0/24"), country="US", asn=2)
    place = (DE, FRA.location, countries().of["US"].location)
    both = frozenset({"a", "b"})
    assert networks.applied((wide,), Location(), GAZETTEER) == Location("DE", "EU", None, place[0], 1, None, frozenset({"a"}), "10.0.0.0/8")
    assert networks.applied((wide, middle), Location(), GAZETTEER) == Location("DE", "EU", None, place[1], 1, "fra", both, "10.1.0.0/16")
    assert networks.applied((wide, middle, narrow), Location(), GAZETTEER) == Location("US", "NA", None, place[2], 2, None, both, "10.1.2.0/24")


def network(version: int) -> st.SearchStrategy[NetworkFact]:
    """Networks that often nest and touch: few bits vary, at both ends of the address."""
    bits = 32 if version == 4 else 128
    kind: Any = IPv4Address if version == 4 else IPv6Address
    heads = st.integers(0, 7).map(lambda n: n << (bits - 3))
    tails = st.integers(0, 7)
    lengths = st.sampled_from([0, 1, 2, 3, bits - 3, bits - 2, bits - 1, bits] + ([64, 65] if bits == 128 else []))
    return st.builds(lambda head, tail, length: NetworkFact(ip_network((kind(head | tail), length), strict=False)), heads, tails, lengths)


@pytest.mark.parametrize("version", [4, 6])
@given(data=st.data())
def test_chains_are_the_networks_that_hold_an_address_widest_first(version: int, data: st.DataObject) -> None:
    facts = data.draw(st.lists(network(version), max_size=10, unique_by=lambda f: f.network))
    cut, chains = networks.runs(facts, version)
    bits = 32 if version == 4 else 128
    assert networks.runs(facts, 10 - version)[1] == [()]
    for head in range(8):
        for tail in range(9):
            address = (IPv4Address if version == 4 else IPv6Address)(head << (bits - 3) | tail)
            chain = chains[int(cut.value[runs.find(cut, int(address) << (128 - bits))])]
            holding = sorted((f for f in facts if address in f.network), key=lambda f: f.network.prefixlen)
            assert list(chain) == holding, address


def test_networks_longer_than_64_bits_work() -> None:
    facts = [
        NetworkFact(ip_network("2001:db8::/64"), country="DE"),
        NetworkFact(ip_network("2001:db8::1:0/112"), country="FR"),
        NetworkFact(ip_network("2001:db8::1:7/128"), country="SG"),
    ]
    atlas = geo.load(None, facts, {})
    where = {text: atlas.lookup(ip_address(text)) for text in ("2001:db8::", "2001:db8::1:0", "2001:db8::1:7", "2001:db8::1:8", "2001:db8::2:0")}
    assert [location.country for location, _ in where.values()] == ["DE", "FR", "SG", "FR", "DE"]
    assert where["2001:db8::1:7"][1] == ip_network("2001:db8::1:7/128")
    partition = atlas.cut(range(len(atlas.locations)))
    assert len(partition.v6_high) == 7  # nothing, DE, FR, SG, FR, DE, nothing
    assert len(set(partition.v6_high)) < 7  # several starts share the upper half


def test_states_get_their_coordinates_from_the_database(make: Make, tmp_path: Any) -> None:
    path = tmp_path / "x.mmdb"
    path.write_bytes(make({"203.0.113.0/24": {"country_code": "US", "state1": "Virginia", "latitude": 38.4, "longitude": -77.9}}))
    atlas = geo.load(path, [NetworkFact(ip_network("10.0.0.0/8"), country="US", subdivision="VA")], {})
    assert atlas.lookup(ip_address("10.0.0.1"))[0] == Location("US", "NA", "VA", (38.4, -77.9), network="10.0.0.0/8")
