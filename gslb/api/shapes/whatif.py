"""Why, and what if: questions to explain, simulate and diff, and their answers, whose keys the how-to pages tell."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from gslb.api.shapes.base import Given, Taken


class Question(Taken):
    """A question as `gslb explain` asks it; one of client, subnet and country is needed."""

    name: str = Field(min_length=1, max_length=1024)
    type: str = Field(default="A", max_length=20)
    client: str = Field(default="", max_length=64)
    subnet: str = Field(default="", max_length=64)
    country: str = Field(default="", max_length=2)
    assume_down: list[str] = Field(default_factory=list, max_length=100, description="sites, members as POOL/MEMBER, pools as pool:NAME")
    assume_drained: list[str] = Field(default_factory=list, max_length=100, description="the same, taken out by an operator")
    at: str = Field(default="", max_length=64, description="2026-12-24T18:00, or +2h")


class Explanation(Given):
    """Why an answer is what it is."""

    version: int
    summary: Any
    question: dict[str, Any]


class Scenario(Taken):
    """What is to be simulated: names (none: all that have a pool), and what is assumed."""

    names: list[str] = Field(default_factory=list, max_length=10_000)
    type: str = Field(default="A", max_length=20)
    load: float | None = Field(default=None, ge=0, description="of all clients together, in the unit of sites' capacities")
    assume_down: list[str] = Field(default_factory=list, max_length=100)
    assume_drained: list[str] = Field(default_factory=list, max_length=100)
    at: str = Field(default="", max_length=64)
    sample: str = Field(default="", description="lines of NETWORK VOLUME instead of the built-in population")
    files: dict[str, str] | None = Field(default=None, max_length=10_000, description="other files than those that are served: path to text")


class Change(Taken):
    """Files that are to be compared with `old`, or else with those that are served: path to text."""

    files: dict[str, str] = Field(min_length=1, max_length=10_000)
    old: dict[str, str] | None = Field(default=None, max_length=10_000)
    load: float | None = Field(default=None, ge=0)
    sample: str = ""


class Told(Given):
    """An answer in many parts."""
