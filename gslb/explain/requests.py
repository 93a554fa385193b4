"""What is asked of simulations and differences, as the local socket and the API carry it: texts, lists and numbers. Raises UsageError."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gslb.errors import UsageError
from gslb.explain import population
from gslb.explain.assume import Assumed
from gslb.explain.population import Population, Progress
from gslb.explain.question import assumed, texts, type_number
from gslb.explain.simulation import Asked
from gslb.explain.subject import Subject


class Simulated(NamedTuple):
    """One simulation. `sample`: lines of `network volume`, "" = the built-in population; `files`: other files, name → text, None = the same."""

    asked: Asked
    assumed: Assumed
    sample: str = ""
    files: Mapping[str, str] | None = None

    def population(self, *subjects: Subject, progress: Progress | None = None) -> Population:
        """Return who is counted."""
        return _population(self.sample, subjects, progress)


def simulated(said: Mapping[str, Any], now: float) -> Simulated:
    """Read names (a list), type, load, assume_down, assume_drained, at, sample, files."""
    names = texts(said, "names")
    asked = Asked(names, type_number(str(said.get("type") or "A")), _load(said))
    return Simulated(asked, assumed(said, now), _sample(said), files(said, "files"))


class Differing(NamedTuple):
    """One difference. `old` None: what the node serves; `load` as in `Asked`, `sample` as in `Simulated`."""

    new: Mapping[str, str]
    old: Mapping[str, str] | None = None
    load: float | None = None
    sample: str = ""

    def population(self, *subjects: Subject) -> Population:
        """Return who is counted."""
        return _population(self.sample, subjects, None)


def differing(said: Mapping[str, Any]) -> Differing:
    """Read files (or new), old, load, sample."""
    new = files(said, "new") if "new" in said else files(said, "files")
    if new is None:
        raise UsageError("differ from what? files are needed: name → text")
    return Differing(new, files(said, "old"), _load(said), _sample(said))


def files(said: Mapping[str, Any], key: str) -> Mapping[str, str] | None:
    """Read files: name → text."""
    value = said.get(key)
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(name, str) and isinstance(text, str) for name, text in value.items()):
        raise UsageError(f"{key} must be an object: name of a file → its text")
    return value


def _load(said: Mapping[str, Any]) -> float | None:
    load = said.get("load")
    if load is not None and not (isinstance(load, int | float) and not isinstance(load, bool) and 0 <= load < float("inf")):
        raise UsageError("load is the load of all clients, in the unit of sites' capacities: a number")
    return None if load is None else float(load)


def _sample(said: Mapping[str, Any]) -> str:
    sample = said.get("sample") or ""
    if not isinstance(sample, str):
        raise UsageError("sample is text: lines of NETWORK VOLUME")
    return sample


def _population(sample: str, subjects: tuple[Subject, ...], progress: Progress | None) -> Population:
    return population.sample(sample, "the sample", *subjects, progress=progress) if sample else population.built_in(*subjects)
