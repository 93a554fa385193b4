"""What happened, who did it, and how much is asked."""

from __future__ import annotations

from typing import Any

from gslb.api.shapes.base import Given


class Event(Given):
    """Something that happened."""

    id: str
    kind: str
    subject: str
    what: str
    at: float
    level: str
    by: str
    node: str
    evidence: dict[str, Any]
    key: str


class Audit(Given):
    """Something that somebody did."""

    id: str
    at: float
    by: str
    what: str
    version: int
    details: dict[str, Any]


class Traffic(Given):
    """The last minutes of queries; each sample is a second or `step` of them."""

    step: float
    samples: list[dict[str, Any]]
