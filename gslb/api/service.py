"""What the API needs of whoever runs it: the Service protocol, and the words that go with it.

Implemented once, by `gslb.role.operating`, over the parts that decide; the API never imports those. Every method takes and returns plain data
(dicts, lists, texts, numbers), in the shapes of `gslb.api.shapes`. Methods raise what is in this file for what cannot be done, and StoreError
where the store is out of reach; anything else is a fault of ours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

from gslb.errors import GslbError, UsageError

Data = dict[str, Any]
Rows = list[Data]


class Scope(StrEnum):
    """What a caller may do; each one includes those before it."""

    READ = "read"  # see everything but secrets
    DRAIN = "drain"  # take sites, pools and members out of new answers, and back
    WRITE = "write"  # force up and down, weigh, hold, reload, change records of managed zones
    ADMIN = "admin"  # publish and roll back what all nodes serve


SCOPES: Final = tuple(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `zones`: where not empty, the only zones that may be changed, with all below them; nothing else may be, then.

    `how`: token, anonymous or socket. `key`: what limits are counted by. `expires`: seconds since 1970.
    """

    name: str
    scope: Scope | None
    zones: tuple[str, ...] = ()
    how: str = "token"
    key: str = ""
    expires: float | None = None

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """All that the scope includes."""
        return SCOPES[: SCOPES.index(self.scope) + 1] if self.scope else ()


@dataclass(frozen=True, slots=True)
class Said:
    """One word of an operator: of a `level` (site, pool, member), its `subject` as people write it (POOL/MEMBER), a `kind` (drain, down, up, weight).

    `back`: the word is taken back. `seconds`: how long it stands, None = until it is taken back. `version`: of all overrides, as the caller
    knows them; None = whatever they are.
    """

    level: str
    subject: str
    kind: str
    reason: str = ""
    seconds: float | None = None
    weight: int = 1
    back: bool = False
    force: bool = False
    dry_run: bool = False
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """All verdicts are to be held, or (`back`) let go; the rest as in Said."""

    reason: str = ""
    seconds: float | None = None
    back: bool = False
    dry_run: bool = False
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a name of a managed zone is to hold: records in the form of zone files; empty = nothing, the name goes.

    `version`: of the name's records, as the caller knows them; "" = there must be none; None = whatever they are.
    """

    zone: str
    name: str
    records: Sequence[Data]
    dry_run: bool = False
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """Files for all nodes. `based_on`: the version they were made from, refused where another is the newest; None = whatever it is."""

    files: Mapping[str, str]
    message: str
    based_on: int | None = None
    force: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a history: newest first, at most `limit`, of these kinds and this subject. `after`, `before`: ids."""

    after: str = ""
    before: str = ""
    limit: int = 100
    kinds: frozenset[str] = field(default_factory=frozenset)
    subject: str = ""


class UnknownError(UsageError):
    """There is no such thing; the text says what might be meant."""


class InvalidError(UsageError):
    """What was asked makes no sense. `problems`: in the form of `gslb check --format json`, where files or records are judged."""

    def __init__(self, text: str, problems: Sequence[Data] = ()) -> None:
        super().__init__(text)
        self.problems = list(problems)


class RefusedError(UsageError):
    """What was asked makes sense, and is refused for what it would do. `code`: for programs; `forceable`: whether `force` does it all the same."""

    def __init__(self, text: str, code: str = "refused", problems: Sequence[Data] = (), *, forceable: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.problems = list(problems)
        self.forceable = forceable


class ForbiddenError(GslbError):
    """The caller may not do this, whatever else is right."""


class ChangedError(GslbError):
    """It is no longer what the caller knows: somebody else has changed it."""


class AbsentError(GslbError):
    """The service is not set up for that. The text says what it would need."""


class Service(Protocol):
    """One running service."""

    # Itself.

    def why_not_ready(self) -> str:
        """Say why it is not ready, "" when it is."""
        ...

    def metrics(self) -> bytes:
        """Return all metrics as text."""
        ...

    def stamp(self) -> tuple[object, ...]:
        """Return what differs whenever pools, members, votes or overrides may look different: cheap, asked every second."""
        ...

    async def status(self) -> Data:
        """Return how it stands: the status of `gslb status` without pools, with what is wrong, counts, geo data and the configuration."""
        ...

    # What is seen.

    async def nodes(self) -> Rows:
        """Return every nameserver that reports."""
        ...

    async def probers(self) -> Rows:
        """Return every prober, and whether it is believed."""
        ...

    async def sites(self) -> Rows:
        """Return every site and how it stands."""
        ...

    async def pools(self, *, votes: bool = False) -> Rows:
        """Return every pool with its members; with `votes` what each prober says of each address."""
        ...

    async def pool(self, pool: str) -> Data:
        """Return one pool, with votes. Raises UnknownError."""
        ...

    async def checks(self) -> Rows:
        """Return every check as defined, and how many of its targets are up."""
        ...

    async def votes(self) -> Rows:
        """Return every vote."""
        ...

    async def verdicts(self) -> Rows:
        """Return every verdict."""
        ...

    async def matrix(self) -> Data:
        """Return who says what of which target, in few words."""
        ...

    async def overrides(self) -> Data:
        """Return all that operators say, the hold, the store's time and the version."""
        ...

    async def zones(self) -> Rows:
        """Return every zone."""
        ...

    async def zone(self, zone: str) -> Data:
        """Return one zone. Raises UnknownError."""
        ...

    async def names(self, zone: str, text: str, after: str, limit: int) -> Rows:
        """Return at most `limit` names of a zone with their records, by their texts, those after one, with a text in them. Raises UnknownError."""
        ...

    async def name(self, zone: str, name: str) -> Data:
        """Return one name of a zone: relative to it, or with its last dot; @ is the zone. Raises UnknownError."""
        ...

    # What is said. Nobody but `caller` is named as the author.

    async def say(self, caller: Caller, said: Said) -> Data:
        """Take a word of an operator; what it does. Raises UnknownError, InvalidError, RefusedError, ChangedError."""
        ...

    async def hold(self, caller: Caller, held: Held) -> Data:
        """Hold all verdicts, or let them go. Raises InvalidError, ChangedError."""
        ...

    async def record(self, caller: Caller, recorded: Recorded) -> Data:
        """Change the records of one name of a managed zone. Raises UnknownError, ForbiddenError, InvalidError, RefusedError, ChangedError."""
        ...

    async def reload(self, caller: Caller, *, force: bool = False) -> Data:
        """Load the files anew, whole or not at all; how it went."""
        ...

    # What all nodes are to serve.

    async def versions(self) -> Rows:
        """Return the published versions, newest first."""
        ...

    async def version(self, number: int) -> Data:
        """Return one version with its files. Raises UnknownError."""
        ...

    async def version_diff(self, number: int, to: int | None) -> Data:
        """Return what differs between two versions (None: the newest), in files and in answers. Raises UnknownError."""
        ...

    async def publish(self, caller: Caller, published: Published) -> Data:
        """Publish files. Raises InvalidError, RefusedError, ChangedError, AbsentError."""
        ...

    async def rollback(self, caller: Caller, number: int, message: str, *, force: bool = False, dry_run: bool = False) -> Data:
        """Publish an old version as the newest. Raises UnknownError, AbsentError."""
        ...

    # Why, and what if.

    async def explain(self, asked: Mapping[str, Any]) -> Data:
        """Explain one answer: the question in the words of `gslb explain`. Raises InvalidError."""
        ...

    async def simulate(self, asked: Mapping[str, Any]) -> Data:
        """Say who would be answered what, by site, pool and country. Raises InvalidError."""
        ...

    async def diff(self, asked: Mapping[str, Any]) -> Data:
        """Say what other files would change. Raises InvalidError."""
        ...

    async def world(self, name: str) -> Data:
        """Return which site serves each country now. Raises UnknownError."""
        ...

    # What happened.

    async def events(self, paging: Paging) -> Rows:
        """Return what happened, newest first."""
        ...

    async def audit(self, paging: Paging) -> Rows:
        """Return who said and published what, newest first."""
        ...

    async def traffic(self) -> Data:
        """Return the last minutes of queries."""
        ...

    def happenings(self) -> AsyncIterator[Data]:
        """Hear of events from now on; whoever is slow loses old ones."""
        ...
