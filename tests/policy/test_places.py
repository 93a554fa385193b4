"""Keys of geo rules: what they mean, and what is said of those that mean nothing."""

import re

import pytest

from gslb.policy.places import CONTINENTS, Level, NoSuchPlaceError, Place, place

MEANINGS = [
    ("default", Level.DEFAULT, ""),
    ("EU", Level.CONTINENT, "EU"),
    ("eu", Level.CONTINENT, "EU"),
    ("AS", Level.CONTINENT, "AS"),  # Asia, never American Samoa and never an AS number
    ("NA", Level.CONTINENT, "NA"),  # North America, never Namibia
    ("DE", Level.COUNTRY, "DE"),
    ("XK", Level.COUNTRY, "XK"),
    ("AF-NA", Level.COUNTRY, "NA"),
    ("OC-AS", Level.COUNTRY, "AS"),
    ("country:NA", Level.COUNTRY, "NA"),
    ("continent:SA", Level.CONTINENT, "SA"),
    ("AS-SG", Level.COUNTRY, "SG"),
    ("AS-CY", Level.COUNTRY, "CY"),  # octoDNS's home of Cyprus
    ("EU-CY", Level.COUNTRY, "CY"),  # MaxMind's
    ("US-CA", Level.SUBDIVISION, "US-ca"),
    ("NA-US-CA", Level.SUBDIVISION, "US-ca"),
    ("NA-CA-QC", Level.SUBDIVISION, "CA-qc"),
    ("us-ca", Level.SUBDIVISION, "US-ca"),
    ("DE-Bavaria", Level.SUBDIVISION, "DE-bavaria"),
    ("US-New York", Level.SUBDIVISION, "US-new york"),
    ("subdivision:NA-KH", Level.SUBDIVISION, "NA-kh"),  # Khomas in Namibia
    ("AS-JP-13", Level.SUBDIVISION, "JP-13"),
    ("NA-KA", Level.SUBDIVISION, "NA-ka"),  # no country KA: so Namibia's Karas
    ("AS64500", Level.ASN, "64500"),
    ("as64500", Level.ASN, "64500"),
    ("asn:64500", Level.ASN, "64500"),
    ("asn:AS4294967295", Level.ASN, "4294967295"),
    ("203.0.113.0/24", Level.NETWORK, "203.0.113.0/24"),
    ("2001:DB8::/32", Level.NETWORK, "2001:db8::/32"),
    ("network:192.0.2.1", Level.NETWORK, "192.0.2.1/32"),
    ("tag:office", Level.TAG, "office"),
]


@pytest.mark.parametrize(("key", "level", "value"), MEANINGS)
def test_what_a_key_means(key, level, value):
    assert place(key) == Place(level, value)


MISTAKES = [
    ("UK", "GB"),
    ("EW", "EU NA OC"),
    ("europe", "EU"),
    ("Default", "default"),
    ("*", "default"),
    ("64500", "asn:64500"),
    ("AS0", "asn:64500"),
    ("asn:4294967296", "asn:64500"),
    ("EU-US", "NA-US"),
    ("EU-US-CA", "NA-US-CA"),
    ("US-ZZ", "US-"),
    ("US-", "US-AL"),
    ("XX-CA", "ISO 3166-1"),
    ("continent:DE", "AF AN AS"),
    ("203.0.113.1/24", "203.0.113.0/24"),
    ("300.0.0.0/8", "203.0.113.0/24"),
    ("tag:", "tag:office"),
    ("", "ISO 3166-1"),
]


@pytest.mark.parametrize(("key", "hint"), MISTAKES)
def test_what_is_said_of_a_mistake(key, hint):
    with pytest.raises(NoSuchPlaceError) as caught:
        place(key)
    assert hint in caught.value.hint
    assert str(caught.value)


def test_every_country_has_one_continent():
    listed = [country for countries in CONTINENTS.values() for country in countries.split()]
    assert len(listed) == len(set(listed)) == 250  # ISO 3166-1 has 249; and XK
    assert all(re.fullmatch("[A-Z]{2}", country) for country in listed)


def test_the_table_agrees_with_the_shipped_data():
    """A rule by continent follows the geo data; its countries and ours are the same."""
    from gslb.geo.countries import countries

    shipped = countries().of
    ours = {country: continent for continent, listed in CONTINENTS.items() for country in listed.split()}
    assert shipped.keys() <= ours.keys()
    assert {code: entry.continent for code, entry in shipped.items()} == {code: ours[code] for code in shipped}
