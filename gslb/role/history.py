"""What happened, who did what and how much is asked, for the local socket: `gslb events`, `gslb audit`, `gslb top`. Plain data; bounded."""

from __future__ import annotations

from typing import Any, Final

from gslb.errors import UsageError
from gslb.role.journal import Journal
from gslb.role.local import Answer, Command, Request
from gslb.role.traffic import Traffic
from gslb.store import Store, event_record

MOST: Final = 1000  # rows of an answer


class History:
    """Of one process."""

    def __init__(self, journal: Journal, store: Store, traffic: Traffic) -> None:
        self._journal, self._store, self._traffic = journal, store, traffic

    @property
    def commands(self) -> dict[str, Command]:
        """What the local socket knows of it."""
        return {"events": self.events, "audit": self.audit, "traffic": self.traffic}

    async def events(self, request: Request) -> Answer:
        """Do `gslb events`: newest first; `after`, `before` (ids), `limit`, `kinds`, `subject`."""
        kinds = request.get("kinds") or []
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            raise UsageError("kinds must be a list of words")
        found = self._journal.page(
            after=_text(request, "after"),
            before=_text(request, "before"),
            limit=_limit(request),
            kinds=frozenset(kinds),
            subject=_text(request, "subject"),
        )
        return {"items": [event_record.as_data(event) for event in found]}

    async def audit(self, request: Request) -> Answer:
        """Do `gslb audit`: newest first; `before`, `limit`."""
        found = await self._store.audited(_text(request, "before"), _limit(request))
        return {"items": [event_record.audit_as_data(entry) for entry in found]}

    async def traffic(self, _request: Request) -> Answer:
        """Return the last minutes of queries."""
        return self._traffic.told()


def _text(request: Request, key: str) -> str:
    return str(request.get(key) or "")


def _limit(request: Request) -> int:
    limit: Any = request.get("limit", 100)
    if type(limit) is not int or not 1 <= limit <= MOST:
        raise UsageError(f"a limit is a whole number from 1 to {MOST}")
    return limit
