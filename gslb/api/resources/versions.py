"""Published versions of the operator's files, which the nodes of a fleet follow."""

from __future__ import annotations

from typing import Final

from pydantic import Field

from gslb.api.operation import PREFIX, Call, Operation, Reply
from gslb.api.paging import Paged, Query, page
from gslb.api.problem import ProblemError
from gslb.api.resources.overriding import Dry
from gslb.api.service import Published, Scope, UnknownError
from gslb.api.shapes import versions as shapes
from gslb.api.shapes.base import Page

LARGEST: Final = 32 << 20  # octets of a publication
_DIGITS: Final = 15


class To(Query):
    """What to compare with."""

    to: int | None = Field(default=None, ge=1, le=2**53, description="another version; without it the newest")


async def versions(call: Call) -> Reply:
    """List published versions of the files, newest first."""
    return Reply(page(await call.service.versions(), lambda one: (f"{2**53 - one['version']:016d}",), call.query))


async def version(call: Call) -> Reply:
    """Show one published version, with its files."""
    number = _number(call)
    return Reply(await call.service.version(number), tag=str(number))


async def version_diff(call: Call) -> Reply:
    """Show what differs between two published versions: files, names, answers."""
    return Reply(await call.service.version_diff(_number(call), call.query.to))


async def publish(call: Call) -> Reply:
    """Publish files as the newest version, which all nodes follow.

    They are judged first, with the guard that `gslb publish` has.
    """
    body: shapes.Publication = call.body
    published = Published(body.files, body.message, _based_on(call, body.based_on), body.force, call.query.dry_run)
    return Reply(await call.service.publish(call.caller, published))


async def rollback(call: Call) -> Reply:
    """Publish an old version as the newest."""
    body: shapes.Rollback = call.body
    return Reply(await call.service.rollback(call.caller, body.version, body.message, force=body.force, dry_run=call.query.dry_run))


def _number(call: Call) -> int:
    text = call.path["version"]
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise UnknownError(f"there is no version {text!r}: versions are numbers")
    return int(text)


def _based_on(call: Call, said: int | None) -> int | None:
    """Take If-Match for `based_on`: the entity tag of a version is its number."""
    if call.match is None or "*" in call.match:
        return said
    numbers = [int(tag) for tag in call.match if tag.isascii() and tag.isdecimal() and len(tag) <= _DIGITS]
    if not numbers:
        raise ProblemError(412, "changed", "If-Match is of no version: the tag of a version is its number")
    return max(numbers)


_VERSION: Final = f"{PREFIX}/config/versions/{{version}}"
_FAULTS: Final = (404, 409, 501)

OPERATIONS: Final = (
    Operation("GET", f"{PREFIX}/config/versions", versions, returns=Page[shapes.Version], query=Paged, faults=(501,), family="config"),
    Operation("GET", _VERSION, version, returns=shapes.Contents, faults=(404, 501), family="config"),
    Operation("GET", f"{_VERSION}/diff", version_diff, returns=shapes.Difference, query=To, faults=(404, 501), family="config"),
    Operation(
        "POST",
        f"{PREFIX}/config/publish",
        publish,
        Scope.ADMIN,
        shapes.Published,
        Dry,
        shapes.Publication,
        _FAULTS,
        tagged=True,
        largest=LARGEST,
        family="config",
    ),
    Operation("POST", f"{PREFIX}/config/rollback", rollback, Scope.ADMIN, shapes.Published, Dry, shapes.Rollback, _FAULTS, family="config"),
)
