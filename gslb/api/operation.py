"""An operation of the API: one method of one path, with all that the server, the document and the tests need to know of it.

Each file of `gslb.api.resources` has a table of them. Handlers know nothing of HTTP: they get a Call, ask the service, and return a Reply.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from gslb.api.service import Caller, Scope, Service

PREFIX: Final = "/api/v1"
LARGEST: Final = 1 << 20  # octets of a body
ENTITY_TAG: Final = "ETag"


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in and makes sense. `query` and `body` are of the models that the operation names.

    `match`: entity tags of If-Match, None = none was sent; `absent`: If-None-Match: * was sent.
    """

    service: Service
    caller: Caller
    path: Mapping[str, str] = field(default_factory=dict)
    query: Any = None
    body: Any = None
    match: frozenset[str] | None = None
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """`data` becomes JSON. `tag`: the entity tag where it is more than a digest of the data; `content`: text or octets instead of JSON."""

    data: Any = None
    status: int = 200
    tag: str = ""
    content: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`scope`: what a caller needs, None = nothing, not even a name. `returns`: what the reply's data are; None = `content_type`.

    `faults`: statuses that it may end with beside those of every operation. `tagged`: it heeds If-Match. `largest`: octets of its body.
    `also`: further statuses that are no fault.
    """

    method: str
    path: str
    handler: Handler
    scope: Scope | None = Scope.READ
    returns: Any = None
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    faults: tuple[int, ...] = ()
    tagged: bool = False
    largest: int = LARGEST
    content_type: str = "application/json"
    also: tuple[int, ...] = ()
    family: str = ""

    @property
    def name(self) -> str:
        """Its id in the document."""
        return f"{self.handler.__name__}_{self.method.lower()}" if self.method != "GET" else self.handler.__name__

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0].rstrip(".")

    @property
    def description(self) -> str:
        """What else there is to know."""
        return " ".join((self.handler.__doc__ or "").strip().partition("\n")[2].split())

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method in ("PUT", "DELETE", "PATCH") or (self.method == "POST" and self.scope not in (None, Scope.READ))
