"""The service behind the API: the one implementation of `gslb.api.service.Service`, over the parts that decide.

Made by control (inside `gslb run`) and by the console (`gslb control`). It translates: what the API asks becomes a word for the desk, a load, a
question; what those say becomes plain data or one of the API's errors. Rows are made in `overview` and `zone_records`, in threads, for some thousand
members take tenths of a second; managed zones are changed in `managed`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Final, ParamSpec, TypeVar

from gslb import bundle, log, metrics, targets
from gslb.api.service import AbsentError, Caller, Data, Held, InvalidError, Paging, Published, Recorded, RefusedError, Rows, Said, UnknownError
from gslb.config import bundled
from gslb.config.words import meant
from gslb.errors import ConfigError, UsageError
from gslb.model import Model, Zone
from gslb.override import Level, line
from gslb.role import overview, reachable, zone_records
from gslb.role.bundle_desk import BundleDesk
from gslb.role.bundle_desk import Order as Publication
from gslb.role.deciding import Deciding
from gslb.role.explaining import Explaining
from gslb.role.history import History
from gslb.role.loads import told as told_problems
from gslb.role.managed import Managed
from gslb.role.node_status import NodeStatus
from gslb.role.override_desk import Order
from gslb.role.overview import View
from gslb.store import event_record

QUICK: Final = 2  # questions that are answered at once: each takes milliseconds, a country tenths of a second
ROWS: Final = 2  # lists of thousands of rows made at once: what saves and compiles waits in the same threads' queue, and must not wait for a flood
SLOW: Final = 1  # simulations and differences at once: seconds of a thread, and of the lock that it shares with all that decides

Reload = Callable[..., Awaitable[dict[str, Any]]]
P = ParamSpec("P")
T = TypeVar("T")


class Operating:
    """One running service. `reload(force=…)` ends when what was loaded is served; `why_not_ready` says "" when it is."""

    def __init__(self, deciding: Deciding, status: NodeStatus, why: Explaining, reload: Reload, why_not_ready: Callable[[], str]) -> None:
        self._deciding = deciding
        self._publisher = deciding.publisher
        self._status = status
        self._reload = reload
        self.why_not_ready = why_not_ready
        self._why = why
        self._bundles = BundleDesk(deciding.store, keep=deciding.settings.fleet.keep, tell=deciding.journal.tell)
        self._history = History(deciding.journal, deciding.store, deciding.traffic)
        self._managed = Managed(deciding.settings, lambda: deciding.load, reload)
        self._quick, self._slow, self._rowing = asyncio.Semaphore(QUICK), asyncio.Semaphore(SLOW), asyncio.Semaphore(ROWS)
        self._names: tuple[Model, Mapping[str, int]] | None = None
        self._seen: tuple[object, object, int] = (None, None, 0)  # a load, its verdicts, and how many of them there were

    # Itself.

    def metrics(self) -> bytes:
        """Return all metrics as text."""
        self._deciding.refresh()
        return metrics.exposition()

    def stamp(self) -> tuple[object, ...]:
        """Return what differs whenever pools, members, votes or overrides may look different."""
        publisher = self._publisher
        if self._seen[0] is not publisher.load or self._seen[1] is not publisher.verdicts:
            self._seen = publisher.load, publisher.verdicts, self._seen[2] + 1
        return self._seen[2], publisher.snapshot.generation, publisher.overrides.version, publisher.moment.overrides

    async def status(self) -> Data:
        """Return how it stands, with counts, geo data and the configuration."""
        told, model = dict(self._status.recent()), self._deciding.load.model
        members = [one for row in told.pop("pools") for one in row["members"]]
        counts = {"zones": len(model.zones), "pools": len(model.pools), "members": len(members)}
        counts |= {state: sum(one["state"] == state for one in members) for state in ("up", "down", "unknown")}
        counts["drained"] = sum(one["forced"] == "drained" for one in members)
        geo = {"built": None, "stale": [], "attribution": "IP Geolocation by DB-IP (https://db-ip.com)"} | (told.get("geo") or {})
        return told | {"counts": counts, "geo": geo, "managed": sorted(self._managed.zones), "config": told.get("config") or {"version": 0}}

    # What is seen.

    async def nodes(self) -> Rows:
        """Return every nameserver that reports, with what it says beside."""
        return [{**(row.get("extra") or {}), **row} for row in self._status.recent()["nodes"]]

    async def probers(self) -> Rows:
        """Return every prober."""
        return list(self._status.recent()["probers"])

    async def sites(self) -> Rows:
        """Return every site."""
        return await self._rows(overview.sites, self._view)

    async def pools(self, *, votes: bool = False) -> Rows:
        """Return every pool."""
        return await self._rows(overview.pools, self._view, await self._named(), votes=votes)

    async def pool(self, pool: str) -> Data:
        """Return one pool, with votes."""
        view = self._view
        if pool not in view.model.pools:
            raise UnknownError(f"there is no pool {pool!r}: {meant(pool, list(view.model.pools))}")
        return overview.pools(view, await self._named(), pool, votes=True)[0]

    async def checks(self) -> Rows:
        """Return every check."""
        return await self._rows(overview.checks, self._view)

    async def votes(self) -> Rows:
        """Return every vote."""
        return await self._rows(overview.votes, self._view)

    async def verdicts(self) -> Rows:
        """Return every verdict."""
        return await self._rows(overview.verdicts, self._view)

    async def matrix(self) -> Data:
        """Return who says what of which target."""
        return await self._rows(overview.matrix, self._view)

    async def overrides(self) -> Data:
        """Return all that operators say."""
        return await self._deciding.desk.list({})

    async def zones(self) -> Rows:
        """Return every zone."""
        return [zone_records.zone(one, self._managed.zones) for one in self._deciding.load.model.zones.values()]

    async def zone(self, zone: str) -> Data:
        """Return one zone."""
        return zone_records.zone(self._zone(zone), self._managed.zones)

    async def names(self, zone: str, text: str, after: str, limit: int) -> Rows:
        """Return some names of a zone."""
        found = self._zone(zone)
        rows = await self._rows(zone_records.page, found, text, after, limit)
        return await self._as_kept(found, rows)

    async def name(self, zone: str, name: str) -> Data:
        """Return one name of a zone."""
        found = self._zone(zone)
        owner = zone_records.owner_in(found.apex, name)
        if owner is None or owner not in found.names:
            raise UnknownError(f"the zone has no name {name!r}; @ is the zone itself")
        return (await self._as_kept(found, [zone_records.name(found, owner)]))[0]

    async def _as_kept(self, zone: Zone, rows: Rows) -> Rows:
        """Show names of managed zones as they stand in their files: so they are changed, and so are their entity tags."""
        text = zone_records.written(zone.apex)
        if text not in self._managed.zones:
            return rows
        kept = await asyncio.to_thread(self._managed.records, text)
        owners = [zone_records.owner_in(zone.apex, row["fqdn"]) for row in rows]
        written = [kept.get(owner) if owner else None for owner in owners]
        return [row if one is None else row | {"records": one, "version": zone_records.version(one)} for row, one in zip(rows, written, strict=True)]

    # What is said.

    async def say(self, caller: Caller, said: Said) -> Data:
        """Take a word of an operator."""
        self._need_key()
        order = Order(
            "back" if said.back else said.kind,
            Level(said.level),
            (said.subject,),
            said.weight,
            caller.name,
            line(said.reason),
            said.seconds,
            said.force,
            said.kind,
            once=True,
            dry=said.dry_run,
            version=said.version,
        )
        return await self._deciding.desk.take(order)

    async def hold(self, caller: Caller, held: Held) -> Data:
        """Hold all verdicts, or let them go."""
        self._need_key()
        said = {"author": caller.name, "reason": held.reason, "seconds": held.seconds, "release": held.back, "once": True}
        return await self._deciding.desk.hold(said | {"dry_run": held.dry_run, "version": held.version})

    async def record(self, caller: Caller, recorded: Recorded) -> Data:
        """Change the records of one name of a managed zone."""
        return await self._managed.change(caller, recorded)

    async def reload(self, caller: Caller, *, force: bool = False) -> Data:
        """Load the files anew."""
        log.info("a reload is asked for through the API", by=caller.name, force=force)
        return await self._reload(force=force)

    # What all nodes are to serve.

    async def versions(self) -> Rows:
        """Return the published versions."""
        return await self._bundles.versions()

    async def version(self, number: int) -> Data:
        """Return one version."""
        return await self._bundles.version(number)

    async def version_diff(self, number: int, to: int | None) -> Data:
        """Return what differs between two versions."""
        return await self._bundles.diff(number, to)

    async def publish(self, caller: Caller, published: Published) -> Data:
        """Publish files; their checks may not look everywhere, for they come from elsewhere."""
        self._need_key()
        files = {name: text.encode("utf-8", "surrogatepass") for name, text in published.files.items()}
        for name in files:
            if fault := bundle.amiss(name):
                raise InvalidError(f"{name[:100]!r} is no name for a file of a version: {fault}")
        await asyncio.to_thread(self._judge_targets, files)
        order = Publication(caller.name, published.message, published.based_on, published.force, published.dry_run)
        return await self._bundles.publish(files, order)

    async def rollback(self, caller: Caller, number: int, message: str, *, force: bool = False, dry_run: bool = False) -> Data:
        """Publish an old version as the newest."""
        self._need_key()
        return await self._bundles.rollback(number, Publication(caller.name, message, force=force, dry_run=dry_run))

    def _need_key(self) -> None:
        """Raise AbsentError where nobody would believe what is said here."""
        who = self._deciding.identity
        if who.signed and "operator" not in who.signers:
            raise AbsentError("no operator's key is held here, and nodes believe nothing unsigned: set keys.operator for this service")

    def _judge_targets(self, files: Mapping[str, bytes]) -> None:
        """Raise RefusedError where checks in these files would look at ourselves. Blocking."""
        api, found = self._deciding.settings.api, bundled.load(files, 1)
        refused = reachable.refusals(targets.index(found.model), self._deciding.load.index, api.check_targets if api else ())
        if refused and not found.fatal:
            raise RefusedError("checks may not look there", "check_target", told_problems(refused))

    # Why, and what if.

    async def explain(self, asked: Mapping[str, Any]) -> Data:
        """Explain one answer."""
        return await self._asked(self._quick, self._why.explain, {"question": asked})

    async def simulate(self, asked: Mapping[str, Any]) -> Data:
        """Say who would be answered what."""
        return await self._asked(self._slow, self._why.simulate, asked)

    async def diff(self, asked: Mapping[str, Any]) -> Data:
        """Say what other files would change."""
        return await self._asked(self._slow, self._why.diff, asked)

    async def world(self, name: str) -> Data:
        """Return which site serves each country now."""
        return await self._asked(self._quick, self._why.world, {"name": name})

    @staticmethod
    async def _asked(room: asyncio.Semaphore, answer: Callable[[Mapping[str, Any]], Awaitable[Data]], asked: Mapping[str, Any]) -> Data:
        """Answer when there is room: threads that compute take turns with the loop that decides. What makes no sense makes no sense to ask."""
        async with room:
            try:
                return await answer(asked)
            except ConfigError as error:
                raise InvalidError(str(error), told_problems(error.problems)) from None
            except UsageError as error:
                raise InvalidError(str(error)) from None

    # What happened.

    async def events(self, paging: Paging) -> Rows:
        """Return what happened."""
        said = {"after": paging.after, "before": paging.before, "limit": paging.limit, "kinds": sorted(paging.kinds), "subject": paging.subject}
        return list((await self._history.events(said))["items"])

    async def audit(self, paging: Paging) -> Rows:
        """Return who said and published what."""
        return list((await self._history.audit({"before": paging.before, "limit": paging.limit}))["items"])

    async def traffic(self) -> Data:
        """Return the last minutes of queries."""
        return await self._history.traffic({})

    async def happenings(self) -> AsyncIterator[Data]:
        """Hear of events from now on."""
        async for event in self._deciding.journal.listen():
            yield event_record.as_data(event)

    async def _rows(self, make: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        """Make rows in a thread, when there is room."""
        async with self._rowing:
            return await asyncio.to_thread(make, *given, **more)

    @property
    def _view(self) -> View:
        publisher, load = self._publisher, self._deciding.load
        return View(load.model, load.index, publisher.moment, publisher.health, publisher.snapshot, asyncio.get_running_loop().time())

    async def _named(self) -> Mapping[str, int]:
        """Return how many names point to each pool; counted once for each load."""
        model = self._deciding.load.model
        if self._names is None or self._names[0] is not model:
            self._names = model, await asyncio.to_thread(overview.names, model)
        return self._names[1]

    def _zone(self, text: str) -> Zone:
        model = self._deciding.load.model
        found = zone_records.find(model, text)
        if found is None:
            known = [zone_records.written(apex) for apex in model.zones]
            raise UnknownError(f"there is no zone {text!r}: {meant(text, known)}")
        return found
