"""The desk where versions of the operator's files are published, rolled back, listed and compared: `gslb publish|rollback|config …`, and the API.

Used by the command line, which goes to the store itself, and by services. A version is judged as every node that follows will judge it, compared
with the newest one, and refused where it takes away too much, unless it is forced. It is written whole or not at all, and only after the version it
was judged by; the audit says who and why. Answers are plain data.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from gslb.api.service import ChangedError, InvalidError, RefusedError, UnknownError
from gslb.bundle import AUTHOR, TEXT, VERSIONS, Bundle, Head, octets
from gslb.config import Loaded, bundled, report
from gslb.errors import StoreError, UsageError
from gslb.event import Event, Tell
from gslb.lint import loss
from gslb.model import EMPTY_MODEL, Model
from gslb.override import line
from gslb.role import version_diff
from gslb.role.neighbours import FRESH
from gslb.store import KEEP, NodeReport, OvertakenError, Store

TRIES: Final = 3  # of a publication that others overtake; each try is judged anew
GUARDS: Final = (loss.refusal, loss.emptied)
_FARTHEST: Final = VERSIONS >> 1  # what nodes say is not signed: nobody may drive the numbers to their end

Answer = dict[str, Any]


class Order(NamedTuple):
    """Who wants it, why, and how. `based_on`: the newest version as far as they know, None = whatever it is. `force`: guards or not.

    A `dry_run` that guards are against is answered, with what they say in `refused`.
    """

    author: str
    message: str
    based_on: int | None = None
    force: bool = False
    dry_run: bool = False


class _Base(NamedTuple):
    """What a version is judged by and comes after."""

    number: int = 0
    floor: int = 0
    bundle: Bundle | None = None
    loaded: Loaded | None = None

    @property
    def model(self) -> Model:
        """What it means."""
        return self.loaded.model if self.loaded else EMPTY_MODEL


class BundleDesk:
    """Of one store. `keep`: how many versions stay in it; `tell`: whom a publication is told, None = the store itself."""

    def __init__(self, store: Store, *, keep: int = KEEP, tell: Tell | None = None) -> None:
        self._store, self._keep, self._tell = store, keep, tell

    # --- what there is

    async def versions(self) -> list[Answer]:
        """Return the heads of all versions, newest first."""
        return [_head(one) for one in await self._store.bundles()]

    async def version(self, number: int | None = None) -> Answer:
        """Return a version with its files, None = the newest. Raises UnknownError."""
        bundle = await self._bundle(number)
        files = {name: data.decode(errors="replace") for name, data in sorted(bundle.files.items())}
        return {**_head(bundle.head()), "files": files}

    async def diff(self, number: int | None = None, to: int | None = None) -> Answer:
        """Return what differs from one version to another (None: the one before the newest, and the newest). Raises UnknownError."""
        if number is None:
            known = [head["version"] for head in await self.versions() if to is None or head["version"] < to]
            number = next(iter(known[1:] if to is None else known), None)
            if number is None:
                raise UnknownError("there is no older version to compare with")
        old, new = await self._bundle(number), await self._bundle(to)
        return await asyncio.to_thread(_difference, old, new)

    async def followers(self) -> list[Answer]:
        """Return the nodes and probers that follow and have reported lately, by name: which version each runs, and why not the newest."""
        state = await self._store.read()
        fresh = {name: one for name, one in sorted(state.nodes.items()) if one.extra.get("follows") is True and state.time - one.at < FRESH}
        return [
            {
                "node": name,
                "role": str(one.extra.get("role", "")),
                "config": _number(one, "config"),
                "newest": _number(one, "newest"),
                "refused": str(one.extra.get("refused") or ""),
            }
            for name, one in fresh.items()
        ]

    async def now(self) -> float:
        """Return the store's time, which versions are published at."""
        return await self._store.now()

    # --- what is made

    async def publish(self, files: Mapping[str, bytes], order: Order) -> Answer:
        """Publish files as the newest version. Raises InvalidError, RefusedError, ChangedError, UsageError, StoreError."""
        return await self._publish(files, _read(order, mandatory=True), None)

    async def rollback(self, number: int, order: Order) -> Answer:
        """Publish an old version's files as the newest version. Raises UnknownError, and what `publish` raises."""
        old = await self._bundle(number)
        return await self._publish(old.files, _read(order, mandatory=False), old)

    async def _publish(self, files: Mapping[str, bytes], order: Order, old: Bundle | None) -> Answer:
        if fault := await asyncio.to_thread(_amiss, files):
            raise InvalidError(fault)
        for _ in range(TRIES):
            base = await self._base(order)
            number = base.floor + 1
            loaded = await asyncio.to_thread(partial(bundled.load, files, number, before=base.loaded))
            bundle = Bundle(number, 0.0, order.author, order.message, dict(files), old.version if old else 0, sealed=old.sealed if old else b"")
            unchanged = await asyncio.to_thread(_judge, base, loaded, bundle, order)
            if order.dry_run or unchanged:
                return await asyncio.to_thread(_told, base, loaded, (base.bundle if unchanged and base.bundle else bundle).head(), order)
            try:
                head = await self._store.publish_bundle(bundle, base.number, self._keep)
            except OvertakenError:
                if order.based_on is not None:
                    raise ChangedError(f"another version was published meanwhile, after version {order.based_on}") from None
                continue
            await self._say(head)
            return await asyncio.to_thread(_told, base, loaded, head, order)
        raise ChangedError("others publish all the time: try again")

    async def _base(self, order: Order) -> _Base:
        """Find what a version comes after. Raises ChangedError, RefusedError."""
        newest = await self._store.newest()
        if order.based_on is not None and order.based_on != newest.version:
            raise ChangedError(f"the newest version is {newest.version or 'none'}, not {order.based_on}: look what has changed, then publish again")
        if newest.refused and not order.force:
            raise RefusedError(f"what stands in the store is not believed here: {newest.refused}", "unbelieved", forceable=True)
        heads = await self._store.bundles()
        known = max(newest.floor, heads[0].version if heads else 0)
        farthest = max((_number(one, "config") for one in (await self._store.read()).nodes.values()), default=0)
        if known < farthest < _FARTHEST and not order.force:
            text = f"a node runs version {farthest}, and the store knows none after {known}: it was wiped, and nodes bring that back in a moment"
            raise RefusedError(text, "behind", forceable=True)
        floor = max(known, farthest if farthest < _FARTHEST else 0)
        if not heads:
            return _Base(newest.version, floor)
        try:
            bundle = await self._store.bundle(heads[0].version)
        except StoreError as error:
            if order.force:
                return _Base(newest.version, floor)
            raise RefusedError(f"it cannot be compared with the newest version: {error}", "unread", forceable=True) from error
        loaded = await asyncio.to_thread(bundled.load, bundle.files, floor + 1)  # another number would be another serial in every zone
        return _Base(newest.version, floor, bundle, loaded)

    async def _bundle(self, number: int | None) -> Bundle:
        number = (await self._store.newest()).version if number is None else number
        heads = {head.version for head in await self._store.bundles()}
        if not heads:
            raise UnknownError("nothing has been published yet: gslb publish DIR")
        if number not in heads:
            raise UnknownError(
                f"there is no version {number}: there are {min(heads)} to {max(heads)}" if len(heads) > 1 else f"there is only version {max(heads)}"
            )
        return await self._store.bundle(number)

    async def _say(self, head: Head) -> None:
        """Let whoever looks at what happened know of it."""
        kind, what = ("rollback", f"rolled back to version {head.based_on}") if head.based_on else ("publish", "published")
        text = f"{what}, as version {head.version}" + (f": {head.message}" if head.message else "")
        event = Event(kind, f"version {head.version}", text, head.at, by=head.author, key=f"{kind}/{head.version}")
        if self._tell is not None:
            self._tell(event)
            return
        with contextlib.suppress(StoreError):  # the version is there, and the audit has it
            await self._store.tell([event])


def _read(order: Order, *, mandatory: bool) -> Order:
    """Bring an order into shape. Raises UsageError."""
    author, message = line(order.author)[:AUTHOR], line(order.message)[:TEXT]
    if mandatory and not message and not order.dry_run:
        raise UsageError("say what changes, for those who find it later: --message 'new site sin'")
    return order._replace(author=author, message=message)


def _amiss(files: Mapping[str, bytes]) -> str:
    """Say what keeps files from being a version, whatever is in them; "" where nothing does."""
    try:
        for _ in octets(files):
            pass
    except ValueError as error:
        return str(error)
    return ""


def _judge(base: _Base, loaded: Loaded, bundle: Bundle, order: Order) -> bool:
    """Judge a version as nodes will, and by what it would take away; whether it is the newest one again. Raises InvalidError, RefusedError."""
    if loaded.fatal:
        raise InvalidError(report.text(loaded.problems, loaded.sources), report.told(loaded.problems))
    if (refused := _refusals(base, loaded)) and not order.force and not order.dry_run:
        raise RefusedError("\n".join(refused), "guard", forceable=True)
    return base.bundle is not None and base.bundle.digest == bundle.digest


def _refusals(base: _Base, loaded: Loaded) -> list[str]:
    """Say what guards have against it."""
    found = [] if loaded.model.zones else ["it holds no zone"]
    if base.bundle:
        found += [one.message.replace("this load", "this version") for guard in GUARDS if (one := guard(base.model, loaded.model))]
    return found


def _told(base: _Base, loaded: Loaded, head: Head, order: Order) -> Answer:
    """Say what is published, or would be, and what it changes."""
    from gslb.explain.changes import changes  # noqa: PLC0415  half a second of imports, which no node waits for

    return {
        **_head(head),
        "after": base.number,
        "unchanged": base.bundle is not None and base.bundle.digest == head.digest,
        "dry_run": order.dry_run,
        "refused": [] if order.force else _refusals(base, loaded),
        "problems": report.told(loaded.problems),
        "guards": _refusals(base, loaded),
        "changes": changes(base.model, loaded.model),
    }


def _difference(old: Bundle, new: Bundle) -> Answer:
    from gslb.explain.changes import changes  # noqa: PLC0415  as above

    before = bundled.load(old.files, new.version)  # as in `_base`
    after = bundled.load(new.files, new.version, before=before)
    return {
        "old": _head(old.head()),
        "new": _head(new.head()),
        "same": old.digest == new.digest,
        "files": version_diff.files(old.files, new.files),
        "changes": changes(before.model, after.model),
    }


def _head(head: Head) -> Answer:
    return dataclasses.asdict(head)


def _number(said: NodeReport, what: str) -> int:
    """Read a version that a node tells; what it says is not signed, nor of any certain type."""
    number = said.extra.get(what, 0)
    return number if type(number) is int and 0 < number < VERSIONS else 0
