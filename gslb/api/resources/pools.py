"""Sites, pools and members, as they stand."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from gslb.api.operation import PREFIX, Call, Operation, Reply
from gslb.api.paging import Paged, page
from gslb.api.resources.health import one_of
from gslb.api.service import Data
from gslb.api.shapes import seen
from gslb.api.shapes.base import Page


class PoolQuery(Paged):
    """Filters of pools."""

    state: Literal["", "up", "degraded", "down", "unknown"] = Field(default="", description="degraded: some members are down, not all")
    site: str = Field(default="", max_length=255, description="with a member at this site")
    q: str = Field(default="", max_length=255, description="text in the name of the pool or of a member")
    votes: bool = Field(default=False, description="with what each prober says")


async def sites(call: Call) -> Reply:
    """List sites, and how they stand."""
    return Reply(page(await call.service.sites(), lambda one: (one["site"],), call.query))


async def site(call: Call) -> Reply:
    """Show one site."""
    return Reply(one_of(await call.service.sites(), "site", call.path["site"]))


async def pools(call: Call) -> Reply:
    """List pools with their members."""
    query: PoolQuery = call.query
    rows = await call.service.pools(votes=query.votes)
    return Reply(page([row for row in rows if _wanted(row, query)], lambda one: (one["pool"],), query))


async def pool(call: Call) -> Reply:
    """Show one pool, with what each prober says of its members."""
    return Reply(await call.service.pool(call.path["pool"]))


async def members(call: Call) -> Reply:
    """List members of a pool."""
    found = await call.service.pool(call.path["pool"])
    return Reply(page(found["members"], lambda one: (one["member"],), call.query))


async def member(call: Call) -> Reply:
    """Show one member of a pool."""
    found = await call.service.pool(call.path["pool"])
    return Reply(one_of(found["members"], "member", call.path["member"]))


def state(row: Data) -> str:
    """Return how a pool stands, by what checks say."""
    states = {one["state"] for one in row["members"]}
    return states.pop() if len(states) == 1 else "degraded" if "down" in states else "unknown" if "unknown" in states else "up"


def _wanted(row: Data, query: PoolQuery) -> bool:
    return (
        (not query.state or state(row) == query.state)
        and (not query.site or any(one["site"] == query.site for one in row["members"]))
        and (not query.q or query.q.lower() in row["pool"].lower() or any(query.q.lower() in one["member"].lower() for one in row["members"]))
    )


OPERATIONS: Final = (
    Operation("GET", f"{PREFIX}/sites", sites, returns=Page[seen.Site], query=Paged, family="pools"),
    Operation("GET", f"{PREFIX}/sites/{{site}}", site, returns=seen.Site, faults=(404,), family="pools"),
    Operation("GET", f"{PREFIX}/pools", pools, returns=Page[seen.Pool], query=PoolQuery, family="pools"),
    Operation("GET", f"{PREFIX}/pools/{{pool}}", pool, returns=seen.Pool, faults=(404,), family="pools"),
    Operation("GET", f"{PREFIX}/pools/{{pool}}/members", members, returns=Page[seen.Member], query=Paged, faults=(404,), family="pools"),
    Operation("GET", f"{PREFIX}/pools/{{pool}}/members/{{member}}", member, returns=seen.Member, faults=(404,), family="pools"),
)
