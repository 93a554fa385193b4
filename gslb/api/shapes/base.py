"""What shapes are made of: the two bases, pages, and types that many use."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from gslb.config import durations

Item = TypeVar("Item")


class Given(BaseModel):
    """Something that the API gives."""

    model_config = ConfigDict(extra="allow")


class Taken(BaseModel):
    """Something that the API takes: whole, without unknown keys, of the right types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Page(Given, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    next: str | None = Field(description="`cursor` of the next page; null after the last one")


class Mistake(Given):
    """A mistake in files or records, as `gslb check` tells it."""

    code: str
    severity: str
    where: str = Field(description="FILE:LINE:COLUMN, or the name of a record")
    message: str
    hint: str


class Fault(Given):
    """Why a request did not work (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="for people: what is wrong, and what to do")
    code: str = Field(description="for programs; stable")
    problems: list[Mistake] = Field(default_factory=list, description="mistakes in files or records")


def _seconds(value: object) -> object:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, str):
        return durations.seconds(value)
    raise ValueError("write 90m, 2h, 3d, or a number of seconds")


Span = Annotated[
    Annotated[float, Field(gt=0, le=366 * 86_400)] | None,
    BeforeValidator(_seconds),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^[1-9][0-9]{0,3}[smhd]$"},
                {"type": "number", "exclusiveMinimum": 0, "maximum": 366 * 86_400},
                {"type": "null"},
            ],
            "description": "how long: 90m, 2h, 3d, or seconds; null = until it is taken back",
            "examples": ["2h", 600, None],
        }
    ),
]
