"""The country table: continent, centroid and a few subdivision codes, from `geodb/countries.json`.

Read by the adapter (`facts`) and by operator networks where a database or an operator names a country and no more.
A centroid is weighted by addresses: where the users are, not where the land is (Canada is Ontario, not Nunavut).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from gslb.errors import GeoError

CONTINENTS: Final = frozenset({"AF", "AN", "AS", "EU", "NA", "OC", "SA"})

# Codes that some databases give where no country is known: a continent is all they say.
PSEUDO: Final = {"EU": "EU", "AP": "AS"}

_PACKAGE: Final = Path(__file__).resolve().parents[1]
# A wheel carries the data inside the package, a checkout beside it.
_FOLDERS: Final = (_PACKAGE / "geodb", _PACKAGE.parent / "geodb")


@dataclass(frozen=True, slots=True)
class Country:
    """One country of ISO 3166-1 (or XK). `location`: degrees, weighted by IPv4 addresses."""

    code: str
    name: str
    continent: str
    location: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Countries:
    """`of`: by upper-case alpha-2 code. `subdivisions`: country → English name, lower case → ISO 3166-2 code without the country."""

    of: dict[str, Country]
    subdivisions: dict[str, dict[str, str]]

    def subdivision_code(self, country: str | None, text: str) -> str:
        """Return the code of a subdivision given by code or name; names without a known code stay as they are."""
        code = text.removeprefix(f"{country}-")  # some files write "US-CA"
        return self.subdivisions.get(country or "", {}).get(code.lower(), code)


def shipped() -> Path | None:
    """Return the folder of the geo data that came with gslb; None where it was left out of the installation."""
    return next((folder for folder in _FOLDERS if (folder / "countries.json").is_file()), None)


@cache
def table_text() -> str:
    """Read the shipped table's file, once. Raises GeoError where the installation lacks it."""
    folder = shipped()
    if folder is None:
        raise GeoError(f"the country table is missing from this installation: {_FOLDERS[0] / 'countries.json'}")
    return (folder / "countries.json").read_text(encoding="utf-8")


@cache
def countries() -> Countries:
    """Return the shipped table. Raises GeoError where the installation lacks it."""
    table = json.loads(table_text())
    return Countries(
        of={
            code: Country(code, row["name"], row["continent"], (row["location"][0], row["location"][1]))
            for part in ("countries", "user_assigned")
            for code, row in table[part].items()
        },
        subdivisions={country: {name.lower(): code for code, name in names.items()} for country, names in table["subdivisions"].items()},
    )
