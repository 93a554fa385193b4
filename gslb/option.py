"""Options of filters and checks, described as data, so that config, lint, the JSON Schema and the docs read the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Kind(StrEnum):
    """What an option's value may be."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    STRING = "string"
    DURATION = "duration"  # "5s", "2m", or seconds; kept as seconds (float)
    STRINGS = "strings"  # a list of strings; one string stands for a list of one
    SITES = "sites"  # like strings, each the id of a site
    MAPPING = "mapping"  # judged further by the owner's own `problems`
    ANY = "any"


REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its kind, its default (or REQUIRED), bounds or choices, and a line for the docs."""

    kind: Kind
    doc: str
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a filter or check finds wrong in its own options; `path` leads to the key inside them."""

    code: str
    path: tuple[str | int, ...]
    message: str
    hint: str = ""
