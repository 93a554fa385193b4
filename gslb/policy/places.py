"""Codes of places in geo rules: which exist, and what a rule's key means.

    default                  every client
    EU  AS                   continent (AF AN AS EU NA OC SA); these pairs of letters always mean the continent
    DE  AS-SG                country (ISO 3166-1), alone or after its continent
    US-CA  NA-US-CA          subdivision (ISO 3166-2, or the database's name: DE-Bavaria)
    AS64500  asn:64500       autonomous system: `AS` and digits; `AS` alone is Asia
    203.0.113.0/24           a network that networks.yaml names
    tag:office               a tag that networks.yaml gives

`continent:`, `country:`, `subdivision:`, `asn:`, `network:` and `tag:` in front say outright which is meant: `country:NA`
is Namibia. Pure data and parsing; called by the filter `geo`, and by lint for its networks.
"""

from __future__ import annotations

import difflib
import re
from enum import IntEnum
from ipaddress import ip_network
from typing import Final, NamedTuple

CONTINENTS: Final[dict[str, str]] = {
    "AF": "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO "
    "SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
    "AN": "AQ BV GS HM TF",
    "AS": "AE AF AM AZ BD BH BN BT CC CN CX GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ "
    "TM TR TW UZ VN YE",
    "EU": "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE "
    "SI SJ SK SM UA VA XK",
    "NA": "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM PR SV SX TC TT US VC VG VI",
    "OC": "AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TL TO TV UM VU WF WS",
    "SA": "AR BO BR CL CO EC FK GF GY PE PY SR UY VE",
}
"""Countries of each continent as MaxMind and DB-IP assign them (ISO 3166-1 alpha-2 of 2026, and XK as they write Kosovo).
A rule by continent follows the geo data; this table only tells what exists and where to look for it."""

OTHER_HOMES: Final = frozenset(
    {("AS", "CY"), ("SA", "GS"), ("EU", "TR"), ("EU", "GE"), ("EU", "AM"), ("EU", "AZ"), ("EU", "KZ"), ("AS", "RU"), ("AS", "TL")},
)
"""Pairs that others write (octoDNS has CY in AS and GS in SA): accepted, since the country alone decides."""

SUBDIVISIONS: Final[dict[str, str]] = {
    "US": "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA "
    "WA WV WI WY DC AS GU MP PR UM VI AA AE AP",
    "CA": "AB BC MB NB NL NS NT NU ON PE QC SK YT",
}
"""Where the shipped data has ISO codes; elsewhere it has names, which nobody can list, so any is accepted."""

_COUNTRIES: Final = {country: continent for continent, countries in CONTINENTS.items() for country in countries.split()}
_ASN: Final = re.compile(r"AS[0-9]+", re.IGNORECASE)
_MEANT: Final = {
    "UK": "GB",
    "EN": "GB",
    "EL": "GR",
    "USA": "US",
    "UAE": "AE",
    "WORLD": "default",
    "*": "default",
    "ANY": "default",
    "DEFAULT": "default",
    "AFRICA": "AF",
    "ANTARCTICA": "AN",
    "ASIA": "AS",
    "EUROPE": "EU",
    "NORTH AMERICA": "NA",
    "OCEANIA": "OC",
    "AUSTRALIA": "AU or OC",
    "SOUTH AMERICA": "SA",
    "LATAM": "SA",
    "AMERICA": "NA or SA",
    "APAC": "AS or OC",
    "EMEA": "EU, AF or AS",
}
"""What people write who do not know the codes; two letters resemble too many others for guessing by likeness."""


class Level(IntEnum):
    """What a rule looks at; the lowest is the most specific and is tried first (features 2.9)."""

    NETWORK = 0
    TAG = 1
    ASN = 2
    SUBDIVISION = 3
    COUNTRY = 4
    CONTINENT = 5
    DEFAULT = 6


class Place(NamedTuple):
    """What a rule's key means. `value`: code in upper case, `CC-SUB` folded for subdivisions, network or number as text."""

    level: Level
    value: str


class NoSuchPlaceError(ValueError):
    """A key means nothing; `hint` says what may have been meant."""

    def __init__(self, message: str, hint: str) -> None:
        """Keep the hint beside the message."""
        super().__init__(message)
        self.hint = hint


def place(key: str) -> Place:
    """Read a rule's key; raises NoSuchPlaceError for the operator."""
    if key == "default":
        return Place(Level.DEFAULT, "")
    word, colon, rest = key.partition(":")
    if colon and word.lower() in _EXPLICIT:
        return _EXPLICIT[word.lower()](rest.strip())
    if "/" in key or colon:
        return _network(key)
    if _ASN.fullmatch(key):
        return _asn(key[2:])
    if len(key) == 2 and key.upper() in CONTINENTS:
        return Place(Level.CONTINENT, key.upper())
    first, dash, after = key.partition("-")
    if not dash:
        return _country(key)
    if first.upper() in CONTINENTS:
        country, dash, subdivision = after.partition("-")
        home = _COUNTRIES.get(country.upper())
        if home == first.upper() or (first.upper(), country.upper()) in OTHER_HOMES:
            return _subdivision(country, subdivision) if dash else _country(country)
        if home and (dash or first.upper() not in _COUNTRIES):
            raise NoSuchPlaceError(f"{country.upper()} is not in {first.upper()}", f"write {home}-{after} or {after}")
    return _subdivision(first, after)


def fold(country: str, subdivision: str) -> str:
    """Return the form in which subdivisions are compared: letter case and outer space do not count."""
    return f"{country.upper()}-{subdivision.strip().casefold()}"


def _continent(text: str) -> Place:
    if text.upper() not in CONTINENTS:
        raise NoSuchPlaceError(f"unknown continent {text!r}", "one of AF AN AS EU NA OC SA")
    return Place(Level.CONTINENT, text.upper())


def _country(text: str) -> Place:
    if text.upper() not in _COUNTRIES:
        raise NoSuchPlaceError(f"unknown continent or country {text!r}", _guess(text))
    return Place(Level.COUNTRY, text.upper())


def _subdivision(country: str, subdivision: str) -> Place:
    country = _country(country).value
    known = SUBDIVISIONS.get(country, "").split()
    if not subdivision.strip() or (known and subdivision.strip().upper() not in known and len(subdivision.strip()) <= 3):
        near = difflib.get_close_matches(subdivision.upper(), known, 3, 0.4)
        raise NoSuchPlaceError(
            f"unknown subdivision {subdivision!r} of {country}",
            f"did you mean {' or '.join(f'{country}-{n}' for n in near)}?" if near else f"ISO 3166-2, like {country}-{known[0] if known else 'XX'}",
        )
    return Place(Level.SUBDIVISION, fold(country, subdivision))


def _asn(text: str) -> Place:
    digits = text.upper().removeprefix("AS")
    if not digits.isdecimal() or not digits.isascii() or not 0 < int(digits) < 2**32:
        raise NoSuchPlaceError(f"bad AS number {text!r}", "asn:64500, from 1 to 4294967295")
    return Place(Level.ASN, str(int(digits)))


def _network(text: str) -> Place:
    try:
        return Place(Level.NETWORK, str(ip_network(text.strip())))
    except ValueError as error:
        raise NoSuchPlaceError(f"bad network {text!r}: {error}", "like 203.0.113.0/24 or 2001:db8::/32, named in networks.yaml too") from None


def _tag(text: str) -> Place:
    if not text:
        raise NoSuchPlaceError("empty tag", "like tag:office, given to clients in networks.yaml")
    return Place(Level.TAG, text)


def _guess(text: str) -> str:
    if text.upper() in _MEANT:
        return f"did you mean {_MEANT[text.upper()]}?"
    if text[:1].isdecimal():
        return "AS numbers are written asn:64500 or AS64500"
    return "countries are ISO 3166-1 codes of two letters, like DE; continents are AF AN AS EU NA OC SA"


_EXPLICIT: Final = {
    "continent": _continent,
    "country": _country,
    "subdivision": lambda text: _subdivision(*text.partition("-")[::2]),
    "asn": _asn,
    "network": _network,
    "tag": _tag,
}
