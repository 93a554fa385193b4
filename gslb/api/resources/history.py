"""What happened, who did what, and how much is asked."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from gslb.api.operation import PREFIX, Call, Operation, Reply
from gslb.api.paging import Query
from gslb.api.service import Paging
from gslb.api.shapes import history as shapes
from gslb.api.shapes.base import Page


class Past(Query):
    """Which part of a history, newest first."""

    limit: int = Field(default=100, ge=1, le=1000, description="at most so many")
    after: str = Field(default="", max_length=40, pattern=r"^([0-9]{1,15}-[0-9]{1,15})?$", description="only what is newer than this id")
    before: str = Field(default="", max_length=40, pattern=r"^([0-9]{1,15}-[0-9]{1,15})?$", description="only what is older than this id")
    kind: tuple[str, ...] = Field(default=(), max_length=20, description="only these kinds; may be repeated")
    subject: str = Field(default="", max_length=255, description="only what is about this")


class Audited(Query):
    """Which part of the audit, newest first."""

    limit: int = Field(default=100, ge=1, le=1000, description="at most so many")
    before: str = Field(default="", max_length=40, pattern=r"^([0-9]{1,15}-[0-9]{1,15})?$", description="only what is older than this id")


async def events(call: Call) -> Reply:
    """List what happened: flips, drains, reloads, publishes, and who did them. Newest first; `next` is the `before` of the next page."""
    query: Past = call.query
    rows = await call.service.events(Paging(query.after, query.before, query.limit, frozenset(query.kind), query.subject))
    return Reply({"items": rows, "next": rows[-1]["id"] if len(rows) == query.limit else None})


async def audit(call: Call) -> Reply:
    """List who said and published what. Newest first; `next` is the `before` of the next page."""
    query: Audited = call.query
    rows = await call.service.audit(Paging("", query.before, query.limit))
    return Reply({"items": rows, "next": rows[-1]["id"] if len(rows) == query.limit else None})


async def traffic(call: Call) -> Reply:
    """Show queries of the last ten minutes: how many, how answered, by which site and pool."""
    return Reply(await call.service.traffic())


OPERATIONS: Final = (
    Operation("GET", f"{PREFIX}/events", events, returns=Page[shapes.Event], query=Past, faults=(501,), family="history"),
    Operation("GET", f"{PREFIX}/audit", audit, returns=Page[shapes.Audit], query=Audited, faults=(501,), family="history"),
    Operation("GET", f"{PREFIX}/traffic", traffic, returns=shapes.Traffic, query=Query, faults=(501,), family="history"),
)
