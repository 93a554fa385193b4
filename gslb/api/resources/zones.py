"""Zones and their records; those of managed zones may be changed, name by name."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from gslb.api.operation import PREFIX, Call, Operation, Reply
from gslb.api.paging import Paged, cursor, cut, page
from gslb.api.resources.overriding import Dry
from gslb.api.service import Data, Recorded, Scope
from gslb.api.shapes import zones as shapes
from gslb.api.shapes.base import Page


class NameQuery(Paged):
    """Filters of names."""

    q: str = Field(default="", max_length=255, description="text in the name")


async def zones(call: Call) -> Reply:
    """List zones that are served."""
    return Reply(page(await call.service.zones(), lambda one: (one["zone"],), call.query))


async def zone(call: Call) -> Reply:
    """Show one zone."""
    return Reply(await call.service.zone(call.path["zone"]))


async def records(call: Call) -> Reply:
    """List names of a zone with their records, in the form of zone files."""
    query: NameQuery = call.query
    after = cursor(query)
    rows = await call.service.names(call.path["zone"], query.q.lower(), after[0] if after else "", query.limit + 1)
    return Reply(cut(rows, lambda one: (one["fqdn"],), query.limit))


async def record(call: Call) -> Reply:
    """Show one name of a zone."""
    row = await call.service.name(call.path["zone"], call.path["name"])
    return Reply(row, tag=row["version"])


async def put_record(call: Call) -> Reply:
    """Put records in place of all that a name of a managed zone holds.

    The whole configuration is judged before anything is written; what is accepted is served when the answer comes.
    """
    return await _change(call, call.body.records)


async def delete_record(call: Call) -> Reply:
    """Take a name out of a managed zone; one that is not there is no fault."""
    return await _change(call, [])


async def _change(call: Call, given: list[Data]) -> Reply:
    version = "" if call.absent else None if call.match is None or "*" in call.match else ",".join(sorted(call.match))
    data = await call.service.record(call.caller, Recorded(call.path["zone"], call.path["name"], given, call.query.dry_run, version))
    return Reply(data, tag=data["version"])


_RECORD: Final = f"{PREFIX}/zones/{{zone}}/records/{{name}}"
_FAULTS: Final = (404, 409)

OPERATIONS: Final = (
    Operation("GET", f"{PREFIX}/zones", zones, returns=Page[shapes.Zone], query=Paged, family="zones"),
    Operation("GET", f"{PREFIX}/zones/{{zone}}", zone, returns=shapes.Zone, faults=(404,), family="zones"),
    Operation("GET", f"{PREFIX}/zones/{{zone}}/records", records, returns=Page[shapes.Name], query=NameQuery, faults=(404,), family="zones"),
    Operation("GET", _RECORD, record, returns=shapes.Name, faults=(404,), family="zones"),
    Operation("PUT", _RECORD, put_record, Scope.WRITE, shapes.Changed, Dry, shapes.Records, _FAULTS, tagged=True, family="zones"),
    Operation("DELETE", _RECORD, delete_record, Scope.WRITE, shapes.Changed, Dry, None, _FAULTS, tagged=True, family="zones"),
)
