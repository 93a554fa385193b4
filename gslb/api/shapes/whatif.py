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
    assume_down: list[str] = Field(default_factory=list, max_length=100, description="sites, and members as POOL/MEMBER")
    at: str = Field(default="", max_length=64, description="2026-12-24T18:00, or +2h")


class Explanation(Given):
    """Why an answer is what it is."""

    version: int
    summary: Any
    question: dict[str, Any]


class Scenario(Taken):
    """What is to be simulated: names (none: all that have a pool), and what is assumed."""

    names: list[str] = Field(default_factory=list, max_length=1000)
    assume_down: list[str] = Field(default_factory=list, max_length=100)
    at: str = Field(default="", max_length=64)
    sample: str = Field(default="", max_length=1 << 19, description="lines of NETWORK VOLUME instead of the built-in population")


class Change(Taken):
    """Files that are to be compared with those that are served: path to text."""

    files: dict[str, str] = Field(min_length=1, max_length=10_000)
    sample: str = Field(default="", max_length=1 << 19)


class Told(Given):
    """An answer in many parts."""
