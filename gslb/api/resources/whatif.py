"""Why an answer is what it is, who would be answered what, and what other files would change."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from gslb.api.operation import PREFIX, Call, Operation, Reply
from gslb.api.paging import Query
from gslb.api.service import Scope
from gslb.api.shapes import whatif as shapes


class Asked(Query):
    """A question as query parameters."""

    name: str = Field(min_length=1, max_length=1024)
    type: str = Field(default="A", max_length=20)
    client: str = Field(default="", max_length=64)
    subnet: str = Field(default="", max_length=64)
    country: str = Field(default="", max_length=2)
    assume_down: tuple[str, ...] = Field(default=(), max_length=100, description="may be repeated")
    assume_drained: tuple[str, ...] = Field(default=(), max_length=100, description="may be repeated")
    at: str = Field(default="", max_length=64)


class World(Query):
    """Of which name."""

    name: str = Field(default="", max_length=1024, description="a name with a pool; without it the first one")


async def explain(call: Call) -> Reply:
    """Explain an answer: why this client gets that address, with the whole trace."""
    asked = call.body if call.body is not None else call.query
    return Reply(await call.service.explain(asked.model_dump()))


async def simulate(call: Call) -> Reply:
    """Simulate a population of resolvers: shares per site, pool and country, now or with sites down."""
    return Reply(await call.service.simulate(call.body.model_dump()))


async def diff(call: Call) -> Reply:
    """Compare files with those that are served: names, answers, and the traffic that would move."""
    return Reply(await call.service.diff(call.body.model_dump()))


async def world(call: Call) -> Reply:
    """Show which site serves each country now."""
    return Reply(await call.service.world(call.query.name))


LARGEST: Final = 8 << 20  # octets of files that are compared
_READ: Final = Scope.READ

OPERATIONS: Final = (
    Operation("GET", f"{PREFIX}/explain", explain, returns=shapes.Explanation, query=Asked, family="what if"),
    Operation("POST", f"{PREFIX}/explain", explain, _READ, shapes.Explanation, Query, shapes.Question, family="what if"),
    Operation("POST", f"{PREFIX}/simulate", simulate, _READ, shapes.Told, Query, shapes.Scenario, largest=LARGEST, family="what if"),
    Operation("POST", f"{PREFIX}/diff", diff, _READ, shapes.Told, Query, shapes.Change, largest=LARGEST, family="what if"),
    Operation("GET", f"{PREFIX}/world", world, returns=shapes.Told, query=World, faults=(404,), family="what if"),
)
