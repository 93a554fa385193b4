"""Published versions of the operator's files."""

from __future__ import annotations

from pydantic import Field

from gslb.api.shapes.base import Given, Mistake, Taken


class Version(Given):
    """A published version."""

    version: int
    at: float
    author: str
    message: str
    digest: str
    size: int
    based_on: int
    signed_by: str


class Contents(Version):
    """A published version with its files."""

    files: dict[str, str]


class Difference(Given):
    """What differs between two versions."""


class Publication(Taken):
    """Files for all nodes, path to text."""

    files: dict[str, str] = Field(min_length=1, max_length=10_000)
    message: str = Field(min_length=1, max_length=400, pattern=r"\S")
    based_on: int | None = Field(default=None, ge=0, description="the version they were made from; refused where another is the newest")
    force: bool = Field(default=False, description="even where much of what is served would be gone")


class Rollback(Taken):
    """An old version, to be published as the newest."""

    version: int = Field(ge=1, le=2**53)
    message: str = Field(default="", max_length=400)
    force: bool = Field(default=False, description="even where much of what is served would be gone")


class Published(Given):
    """What became of a publication."""

    version: int
    problems: list[Mistake]
    dry_run: bool
