"""Who looks and what is seen: nodes, probers, checks, votes, verdicts, and the matrix of who says what."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from gslb.api.operation import PREFIX, Call, Operation, Reply
from gslb.api.paging import Paged, Query, page
from gslb.api.service import Data, Rows, UnknownError
from gslb.api.shapes import seen
from gslb.api.shapes.base import Page

State = Literal["", "up", "down", "unknown"]


class Wanted(Paged):
    """Filters of checks' results."""

    check: str = Field(default="", max_length=255)
    address: str = Field(default="", max_length=64)
    prober: str = Field(default="", max_length=255)
    state: State = ""


class Judged(Paged):
    """Filters of verdicts."""

    check: str = Field(default="", max_length=255)
    address: str = Field(default="", max_length=64)
    state: State = ""


async def nodes(call: Call) -> Reply:
    """List nameservers that report, and whether they serve from the same."""
    return Reply(page(await call.service.nodes(), lambda one: (one["node"],), call.query))


async def node(call: Call) -> Reply:
    """Show one nameserver."""
    return Reply(one_of(await call.service.nodes(), "node", call.path["node"]))


async def probers(call: Call) -> Reply:
    """List probers, and whether they are believed."""
    return Reply(page(await call.service.probers(), lambda one: (one["name"],), call.query))


async def prober(call: Call) -> Reply:
    """Show one prober."""
    return Reply(one_of(await call.service.probers(), "name", call.path["name"], "prober"))


async def checks(call: Call) -> Reply:
    """List checks as the files define them, and how their targets stand."""
    return Reply(page(await call.service.checks(), lambda one: (one["check"],), call.query))


async def check(call: Call) -> Reply:
    """Show one check."""
    return Reply(one_of(await call.service.checks(), "check", call.path["check"]))


async def votes(call: Call) -> Reply:
    """List what probers say, address by address."""
    return Reply(page(_such(await call.service.votes(), call.query), _voted, call.query))


async def verdicts(call: Call) -> Reply:
    """List what is judged, address by address."""
    return Reply(page(_such(await call.service.verdicts(), call.query), _judged, call.query))


async def matrix(call: Call) -> Reply:
    """Show who says what of which address, in few words: for a table of all of it."""
    return Reply(await call.service.matrix())


def one_of(rows: Rows, key: str, name: str, what: str = "") -> Data:
    """Find a row by its name. Raises UnknownError."""
    for row in rows:
        if row[key] == name:
            return row
    known = ", ".join(sorted(row[key] for row in rows)[:20])
    raise UnknownError(f"there is no {what or key} {name!r}: {f'there are {known}' if known else 'there is none'}")


def _such(rows: Rows, query: Wanted | Judged) -> Rows:
    wanted = {key: value for key, value in query if value and key in ("check", "address", "prober", "state")}
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def _voted(row: Data) -> tuple[str, ...]:
    return row["check"], row["address"], row["prober"], row["digest"]


def _judged(row: Data) -> tuple[str, ...]:
    return row["check"], row["address"], row["quorum"], row["digest"]


OPERATIONS: Final = (
    Operation("GET", f"{PREFIX}/nodes", nodes, returns=Page[seen.Node], query=Paged, family="health"),
    Operation("GET", f"{PREFIX}/nodes/{{node}}", node, returns=seen.Node, faults=(404,), family="health"),
    Operation("GET", f"{PREFIX}/probers", probers, returns=Page[seen.Prober], query=Paged, family="health"),
    Operation("GET", f"{PREFIX}/probers/{{name}}", prober, returns=seen.Prober, faults=(404,), family="health"),
    Operation("GET", f"{PREFIX}/checks", checks, returns=Page[seen.Check], query=Paged, family="health"),
    Operation("GET", f"{PREFIX}/checks/{{check}}", check, returns=seen.Check, faults=(404,), family="health"),
    Operation("GET", f"{PREFIX}/votes", votes, returns=Page[seen.Vote], query=Wanted, family="health"),
    Operation("GET", f"{PREFIX}/verdicts", verdicts, returns=Page[seen.Verdict], query=Judged, family="health"),
    Operation("GET", f"{PREFIX}/matrix", matrix, returns=seen.Matrix, query=Query, family="health"),
)
