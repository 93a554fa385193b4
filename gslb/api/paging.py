"""Pages of lists: `{"items": […], "next": cursor|null}`. A cursor is opaque, and holds the last item's key: lists may change between pages.

Items are in a fixed order by a key that each of them has; what is new before the cursor is not shown again.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from gslb.api.problem import ProblemError
from gslb.api.service import Data

MOST: Final = 10_000
LIMIT: Final = 1000  # items of a page where the caller does not say: all of what most services have

Key = Callable[[Data], tuple[str, ...]]


class Query(BaseModel):
    """Query parameters: unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paged(Query):
    """Which part of a list."""

    limit: int = Field(default=LIMIT, ge=1, le=MOST, description="items of a page")
    cursor: str = Field(default="", max_length=4096, description="`next` of the page before")


def page(items: Iterable[Data], key: Key, query: Paged) -> Data:
    """Return one page of items, which need not be in order yet."""
    ordered = sorted(items, key=key)
    if last := cursor(query):
        ordered = [item for item in ordered if key(item) > last]
    return cut(ordered, key, query.limit)


def cursor(query: Paged) -> tuple[str, ...]:
    """Return the key after which the page begins, () for the first one. Raises ProblemError."""
    return _read(query.cursor) if query.cursor else ()


def cut(ordered: list[Data], key: Key, limit: int) -> Data:
    """Make a page of items in order that begin where it does."""
    shown = ordered[:limit]
    return {"items": shown, "next": _write(key(shown[-1])) if len(ordered) > len(shown) else None}


def _write(key: tuple[str, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _read(text: str) -> tuple[str, ...]:
    try:
        data: Any = json.loads(base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        data = None
    if not isinstance(data, list) or not data or not all(isinstance(part, str) for part in data):
        raise ProblemError(422, "cursor", "the cursor is not one of ours: take `next` of the page before, or begin without it")
    return tuple(data)
