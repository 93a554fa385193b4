"""The clients that a simulation counts: cells of addresses that no filter tells apart, each with its part of the whole.

    built in    a country counts by its IPv4 addresses in the geo data; the operator's networks are in it as far as they reach
    a sample    lines of `network volume`: the resolvers or client subnets that really ask, and how often

Addresses are not users, and resolvers are not clients: docs/explanation/population.md says what this is good for. Pure but for the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_interface
from typing import Final, NamedTuple

from gslb.errors import GeoError, UsageError
from gslb.explain.subject import Subject
from gslb.geo.countries import countries
from gslb.geo.ground import Ground, Stretch
from gslb.model import Address, Location, Network

UNKNOWN: Final = "(unknown)"  # the country of clients of whom no country is known
MOST_LINES: Final = 1_000_000  # of a sample: some ten seconds
TOLD: Final = 10_000  # lines from one sign of progress to the next

Progress = Callable[[str, int, int], None]  # what is done, how much of how much


class Cell(NamedTuple):
    """Clients that are all answered alike: an address of theirs, their country, their part of the population, their place in each subject's atlas."""

    address: Address
    country: str
    weight: float
    locations: tuple[int, ...]


class Population(NamedTuple):
    """Cells whose weights add up to 1. `source`: what they were made from, in words; `skipped`: lines of a sample that count nobody."""

    cells: tuple[Cell, ...]
    source: str
    skipped: int = 0

    @property
    def countries(self) -> dict[str, float]:
        """Each country's part, the largest first."""
        found: dict[str, float] = {}
        for cell in self.cells:
            found[cell.country] = found.get(cell.country, 0.0) + cell.weight
        return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def built_in(*subjects: Subject) -> Population:
    """Count every country by its IPv4 addresses; subjects that are to be compared share one population."""
    ground = Ground(*(subject.atlas for subject in subjects))
    for version, unit in ((4, "IPv4 addresses"), (6, "IPv6 networks of /64")):
        stretches = [one for one in ground.all(version) if _known(subjects, one)]
        if stretches:
            editions = ", ".join(edition.name for edition in subjects[-1].atlas.editions) or "the operator's networks"
            return _population(subjects, ((one, one.size) for one in stretches), f"{unit} by country in {editions}")
    return _population(subjects, ((one, one.size) for one in ground.all(4)), "nothing is known of any address: all clients are alike")


def sample(text: str, source: str, *subjects: Subject, progress: Progress | None = None) -> Population:
    """Read lines of `network volume`, # comments; a network that is cut by a border counts by addresses on each side. Raises UsageError."""
    ground = Ground(*(subject.atlas for subject in subjects))
    lines = text.splitlines()
    if len(lines) > MOST_LINES:
        raise UsageError(f"{source} has {len(lines):,} lines; at most {MOST_LINES:,} are read: add networks up, to /24 and /56")
    volumes: dict[Network, float] = {}
    skipped = 0
    for number, line in enumerate(lines, 1):
        if progress is not None and not number % TOLD:
            progress("reading the sample", number, len(lines))
        words = line.partition("#")[0].replace(",", " ").split()
        if words:
            network, volume = _line(words, source, number)
            skipped += not volume
            volumes[network] = volumes.get(network, 0.0) + volume
    counted: dict[tuple[int, ...], tuple[Stretch, float]] = {}
    for done, (network, volume) in enumerate(volumes.items()):
        if progress is not None and not done % TOLD:
            progress("placing the sample", done, len(volumes))
        pieces = list(ground.within(network)) if volume else []
        whole = sum(piece.size for piece in pieces)
        for piece in pieces:
            key = (piece.address.version, *piece.locations)
            before = counted.get(key)
            counted[key] = (before[0] if before else piece, (before[1] if before else 0.0) + volume * piece.size / whole)
    if not counted:
        raise UsageError(f"{source} counts nobody: write lines such as 203.0.113.0/24 1500")
    return _population(subjects, counted.values(), source)._replace(skipped=skipped)


def _line(words: list[str], source: str, number: int) -> tuple[Network, float]:
    try:
        network = ip_interface(words[0]).network
    except ValueError:
        raise UsageError(f"{source}:{number}: {words[0]!r} is no network: write 203.0.113.0/24 1500") from None
    try:
        volume = float(words[1]) if len(words) > 1 else 1.0
    except ValueError:
        volume = -1.0
    if len(words) > 2 or not 0 <= volume < float("inf"):
        raise UsageError(f"{source}:{number}: {' '.join(words)!r} is not NETWORK VOLUME: write 203.0.113.0/24 1500")
    return network, volume


def _population(subjects: tuple[Subject, ...], counted: Iterable[tuple[Stretch, float]], source: str) -> Population:
    found = list(counted)
    total = sum(weight for _, weight in found)
    return Population(tuple(Cell(one.address, _country(subjects, one), weight / total, one.locations) for one, weight in found if weight), source)


def _known(subjects: tuple[Subject, ...], one: Stretch) -> bool:
    """Whether anything is known of these addresses; of what is not (reserved, unused, multicast) nobody asks."""
    return any(subject.atlas.locations[number] != Location() for subject, number in zip(subjects, one.locations, strict=True))


def _country(subjects: tuple[Subject, ...], one: Stretch) -> str:
    """Return the country, the newest word first."""
    told = [subject.atlas.locations[number].country for subject, number in zip(subjects, one.locations, strict=True)]
    return next((country for country in reversed(told) if country), UNKNOWN)


def names() -> Mapping[str, str]:
    """Return the countries' names by code."""
    try:
        return {code: country.name for code, country in countries().of.items()}
    except GeoError:  # an installation without the table: codes say it too
        return {}
