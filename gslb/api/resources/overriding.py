"""What operators say of sites, pools and members, and the hold.

Every write names all it says, so saying it twice is saying it once; taking back what does not stand is no fault. `dry_run` judges and writes
nothing. The entity tag is the version of all overrides: a write with If-Match is refused where somebody else said something meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import Field

from gslb.api.operation import PREFIX, Call, Handler, Operation, Reply
from gslb.api.paging import Query
from gslb.api.problem import ProblemError
from gslb.api.service import Data, Held, Said, Scope
from gslb.api.shapes import said

DIGITS: Final = 20  # of a version: Python refuses to read numbers of thousands
KINDS: Final[dict[str, tuple[Scope, type[said.Order], str]]] = {  # kind → what a caller needs, and what the body is
    "drain": (Scope.DRAIN, said.Order, "Take it out of new answers; it is still probed. `force` needs write"),
    "down": (Scope.WRITE, said.Order, "Take it as if its checks had failed"),
    "up": (Scope.WRITE, said.Order, "Take it as if its checks had passed"),
    "weight": (Scope.WRITE, said.Weighed, "Give it another weight than the file's"),
}
LEVELS: Final = {
    "site": f"{PREFIX}/sites/{{site}}",
    "pool": f"{PREFIX}/pools/{{pool}}",
    "member": f"{PREFIX}/pools/{{pool}}/members/{{member}}",
}


class Dry(Query):
    """How a write is done."""

    dry_run: bool = Field(default=False, description="say what it would do, and do nothing")


class Back(Dry):
    """How a word is taken back."""

    reason: str = Field(default="", max_length=400, description="why, for those who find it later")


async def overrides(call: Call) -> Reply:
    """Show all that operators say, and the hold."""
    data = await call.service.overrides()
    return Reply(data, tag=_tag(data))


async def hold(call: Call) -> Reply:
    """Show the hold, if there is one."""
    data = await call.service.overrides()
    return Reply({"hold": data["hold"], "kept": True, "now": data["now"], "version": data["version"], "dry_run": False}, tag=_tag(data))


async def hold_all(call: Call) -> Reply:
    """Freeze all verdicts as they are: what checks find changes no answer until the hold ends."""
    body: said.Hold = call.body
    data = await call.service.hold(call.caller, Held(body.reason, body.for_, dry_run=call.query.dry_run, version=_version(call)))
    return Reply(data, tag=_tag(data))


async def release(call: Call) -> Reply:
    """Let checks decide again."""
    data = await call.service.hold(call.caller, Held(call.query.reason, back=True, dry_run=call.query.dry_run, version=_version(call)))
    return Reply(data, tag=_tag(data))


def _saying(level: str, kind: str, does: str) -> Handler:
    async def say(call: Call) -> Reply:
        body: said.Order = call.body
        if body.force and Scope.WRITE not in call.caller.scopes:
            raise ProblemError(403, "scope", f"{call.caller.name} may drain within the guards, and force needs write")
        weight = body.weight if isinstance(body, said.Weighed) else 1
        word = Said(level, _subject(call), kind, body.reason, body.for_, weight, force=body.force, dry_run=call.query.dry_run, version=_version(call))
        data = await call.service.say(call.caller, word)
        return Reply(data, tag=_tag(data))

    say.__name__, say.__doc__ = f"{kind}_{level}", f"{does}."
    return say


def _taking_back(level: str, kind: str) -> Handler:
    async def take_back(call: Call) -> Reply:
        word = Said(level, _subject(call), kind, call.query.reason, back=True, dry_run=call.query.dry_run, version=_version(call))
        data = await call.service.say(call.caller, word)
        return Reply(data, tag=_tag(data))

    take_back.__name__, take_back.__doc__ = f"{kind}_{level}", f"Take back what was said of it: {kind}."
    return take_back


def _subject(call: Call) -> str:
    path = call.path
    return path["site"] if "site" in path else f"{path['pool']}/{path['member']}" if "member" in path else path["pool"]


def _version(call: Call) -> int | None:
    """Read If-Match; `*` matches whatever stands."""
    if call.match is None or "*" in call.match:
        return None
    tags = [tag.removeprefix("overrides-") for tag in call.match if tag.startswith("overrides-")]
    numbers = [int(tag) for tag in tags if tag.isascii() and tag.isdecimal() and len(tag) <= DIGITS]
    if not numbers:
        raise ProblemError(412, "changed", "If-Match is of no overrides: their entity tag comes with GET /api/v1/overrides")
    return max(numbers)


def _tag(data: Data) -> str:
    return f"overrides-{data['version']}"


def _writes() -> Iterator[Operation]:
    for level, path in LEVELS.items():
        for kind, (scope, body, does) in KINDS.items():
            at, faults = f"{path}/{kind}", (404, 409, 501)
            yield Operation("PUT", at, _saying(level, kind, does), scope, said.Done, Dry, body, faults, tagged=True, family="overrides")
            yield Operation("DELETE", at, _taking_back(level, kind), scope, said.Done, Back, None, faults, tagged=True, family="overrides")


OPERATIONS: Final = (
    Operation("GET", f"{PREFIX}/overrides", overrides, returns=said.Overrides, query=Query, family="overrides"),
    Operation("GET", f"{PREFIX}/hold", hold, returns=said.HoldDone, query=Query, family="overrides"),
    Operation("PUT", f"{PREFIX}/hold", hold_all, Scope.WRITE, said.HoldDone, Dry, said.Hold, (409, 501), tagged=True, family="overrides"),
    Operation("DELETE", f"{PREFIX}/hold", release, Scope.WRITE, said.HoldDone, Back, None, (409, 501), tagged=True, family="overrides"),
    *_writes(),
)
