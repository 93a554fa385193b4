"""Managed zones: their records are changed through the API, one name at a time, and are in files like all others.

Part of what serves the API. A change is judged together with everything else that would be loaded, written, and loaded, in this order; what cannot be
loaded is taken back. One at a time.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from gslb import log, targets
from gslb import names as wire_names
from gslb.api.service import Caller, ChangedError, Data, ForbiddenError, InvalidError, Recorded, RefusedError, UnknownError
from gslb.config import Loaded, files, loaded, managed, master_file
from gslb.config.files import Source
from gslb.config.settings import Settings
from gslb.errors import ConfigError, Problems
from gslb.role import reachable, zone_records
from gslb.role.loading import Load
from gslb.role.loads import told

Reload = Callable[..., Awaitable[dict[str, Any]]]


def prepared(settings: Settings) -> Settings:
    """Make the folder of managed zones, where there are any, and load what is in it."""
    api = settings.api
    if api is None or not api.managed or api.managed_dir in settings.zones:
        return settings
    try:
        api.managed_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.error("no zone can be changed through the API", folder=str(api.managed_dir), reason=error.strerror or str(error))
        return settings
    return settings.model_copy(update={"zones": (*settings.zones, api.managed_dir)})


class Managed:
    """The managed zones of one service; `load` is what is served, `reload` loads what is on disk."""

    def __init__(self, settings: Settings, load: Callable[[], Load], reload: Reload) -> None:
        self._settings, self._load, self._reload = settings, load, reload
        self._api = settings.api
        self._one = asyncio.Lock()

    @property
    def zones(self) -> frozenset[str]:
        """Their names."""
        return frozenset(self._api.managed) if self._api and not self._settings.fleet.follow else frozenset()

    def records(self, zone: str) -> dict[bytes, list[Data]]:
        """Return the records of a zone as they stand in its file, by name. Blocking. Raises ConfigError."""
        apex, content = _apex(zone), managed.read(self._path(zone))
        found = ((zone_records.owner_in(apex, str(key)), key) for key in content.get("records") or {})
        return {owner: managed.records_at(content, key) for owner, key in found if owner is not None}

    async def change(self, caller: Caller, recorded: Recorded) -> Data:
        """Put records in place of those of a name. Raises what `Service.record` may."""
        zone = recorded.zone.lower().rstrip(".")
        self._permit(caller, zone)
        async with self._one:
            return await self._change(caller, zone, recorded)

    def _permit(self, caller: Caller, zone: str) -> None:
        """Raise where this zone is not to be changed, or not by this caller."""
        if self._settings.fleet.follow:
            raise RefusedError("the files here are those of published versions: publish another one", "published")
        if zone not in self.zones:
            if zone_records.find(self._load().model, zone) is None:
                raise UnknownError(f"there is no zone {zone!r}")
            raise RefusedError(
                f"the records of {zone} are in the operator's files; for the API to change them, name it in api.managed", "not_managed"
            )
        if caller.zones and not any(zone == one or zone.endswith(f".{one}") for one in caller.zones):
            raise ForbiddenError(f"{caller.name} may change records of {', '.join(caller.zones)}, and not of {zone}")

    async def _change(self, caller: Caller, zone: str, recorded: Recorded) -> Data:
        apex = _apex(zone)
        owner = zone_records.owner_in(apex, recorded.name)
        if owner is None:
            raise InvalidError(f"{recorded.name!r} is no name of {zone}; @ is the zone itself")
        path = self._path(zone)
        try:
            content = await asyncio.to_thread(managed.read, path)
        except ConfigError as error:
            raise RefusedError("the zone's file is broken", "files_broken", told(error.problems)) from None
        key = managed.key_of(content, owner, apex)
        before, after = managed.records_at(content, key), [dict(one) for one in recorded.records]
        version = zone_records.version(before)
        if recorded.version is not None and version not in recorded.version.split(","):
            raise ChangedError(f"{recorded.name} has changed: its entity tag is {version!r} now" if version else f"{recorded.name} holds nothing now")
        done = {"zone": zone, "name": zone_records.relative(owner, apex), "records": after, "before": before, "dry_run": recorded.dry_run}
        if before == after:
            return {**done, "version": version, "problems": [], "served": True}
        text = managed.text(managed.changed(content, zone, _key(key, owner, apex), after))
        warnings = await asyncio.to_thread(self._judge, path, text)
        served = False
        if not recorded.dry_run:
            served = await self._apply(path, text)
            log.info("records have changed through the API", zone=zone, name=done["name"], by=caller.name)
        return {**done, "version": zone_records.version(after), "problems": warnings, "served": served}

    async def _apply(self, path: Path, text: str) -> bool:
        """Write and load; what is not accepted is taken back. Raises RefusedError, StoreError."""
        old = await asyncio.to_thread(_octets, path)
        await asyncio.to_thread(managed.write, path, text)
        answer = await self._reload()
        if not answer["accepted"]:
            await asyncio.to_thread(_put_back, path, old)
            raise RefusedError("what would be loaded now is refused: nothing was changed", "files_refused", answer["problems"])
        return bool(answer["served"])

    def _judge(self, path: Path, text: str) -> list[Data]:
        """Load everything as it would be, and return the warnings about this file. Blocking. Raises InvalidError, RefusedError."""
        problems = Problems()
        networks = self._settings.geo.networks
        here = os.path.realpath(path)
        sources = [one for one in files.read_all(self._settings.zones, problems, but=networks) if os.path.realpath(one.path) != here]
        sources.append(Source(path, text))
        if networks is not None and (facts := files.read(networks, problems, files.Role.NETWORKS)) is not None:
            sources.append(facts)
        found: Loaded = loaded.build(sources, problems, lambda one: master_file.includes_from(one.path.parent), before=self._load().loaded)
        ours = [one for one in found.problems if one.where.file == str(path)]
        if found.fatal and not any(one.severity == "error" for one in ours):
            raise RefusedError("other files are broken: mend them first", "files_broken", told(found.problems))
        if found.fatal:
            raise InvalidError("these records cannot be served", told(found.problems))
        refused = reachable.refusals(targets.index(found.model), self._load().index, self._api.check_targets if self._api else ())
        if refused:
            raise RefusedError("a check may not look there", "check_target", told(refused))
        return told(ours)

    def _path(self, zone: str) -> Path:
        assert self._api is not None  # else no zone is managed
        return managed.path_of(self._api.managed_dir, zone)


def _apex(zone: str) -> bytes:
    return wire_names.from_text(f"{zone}.").lower()


def _key(key: str | None, owner: bytes, apex: bytes) -> str:
    """Return the key to write: the one that is there, else the name relative to the zone."""
    return key if key is not None else zone_records.relative(owner, apex).replace("@", "")


def _octets(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _put_back(path: Path, old: bytes | None) -> None:
    if old is None:
        path.unlink(missing_ok=True)
    else:
        managed.write(path, old.decode())
