"""The desk where operators' words are taken: `gslb site|pool|member …`, `gslb hold`, `gslb overrides`, and what the API is told.

Part of control and of the console, reached by the local socket and by the API. A word must speak of something there is, and may not take the last
of a pool out of the answers unless it is forced; both are judged by the very state of the store that it is written on. It is on disk before whoever
said it is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gslb.api.service import ChangedError, RefusedError, UnknownError
from gslb.config.words import meant
from gslb.errors import UsageError
from gslb.model import Model
from gslb.moment import Moment
from gslb.override import HOLD, Hold, Kind, Level, Override, Withdrawal, Word, effective, line
from gslb.role import guard, status
from gslb.role.keeper import Keeper
from gslb.role.local import Answer, Request
from gslb.role.reach import Reach
from gslb.store import Overrides, OvertakenError, Store
from gslb.verdict import Verdicts

TRIES: Final = 5  # of a write that others overtake; each try is judged anew
TEXT: Final = 400  # characters of a reason or a name: it is shown in one line
SAME: Final = 60.0  # seconds by which the ends of two words may differ that are one, said again by a program that heard no answer
LONGEST: Final = 366 * 86_400.0  # seconds; what holds for more than a year belongs into the files

TAKEN_BACK: Final = {"undrain": ("drain",), "clear": ("state", "drain", "weight")}  # verb → last parts of the keys that it withdraws


@dataclass(frozen=True, slots=True)
class Scene:
    """What words are judged by: the files that are served, the verdicts of now, and how far words reach."""

    model: Model
    verdicts: Verdicts
    reach: Reach


@dataclass(frozen=True, slots=True)
class Order:
    """One request, read and found to make sense.

    `verb`: a kind, or a key of TAKEN_BACK, or `back`, which takes back one `kind` where that stands. `once`: what stands already is not said again.
    `version`: of all overrides, as whoever asks knows them. `dry`: it is judged, and not written.
    """

    verb: str
    level: Level
    names: tuple[str, ...]
    weight: int = 1
    author: str = ""
    reason: str = ""
    seconds: float | None = None
    force: bool = False
    kind: str = ""
    once: bool = False
    dry: bool = False
    version: int | None = None


class OverrideDesk:
    """Takes words, judges them, writes them, says what they do."""

    def __init__(self, store: Store, keeper: Keeper, scene: Callable[[], Scene]) -> None:
        self._store = store
        self._keeper = keeper
        self._scene = scene

    async def override(self, request: Request) -> Answer:
        """Do `gslb site|pool|member VERB NAME…`. Raises UsageError for what cannot be done, with the reason."""
        try:
            return await self.take(_read(request))
        except RefusedError as error:
            indented = str(error).replace("\n", "\n      ")
            raise UsageError(f"refused: {indented}\n      --force does it all the same") from None

    async def take(self, order: Order) -> Answer:
        """Judge an order and do it. Raises UnknownError, RefusedError, ChangedError, UsageError."""
        scene = self._scene()
        subjects = [_subject(scene.model, order.level, name) for name in order.names]
        for _ in range(TRIES):
            state = await self._store.read()
            _known(order.version, state.overrides)
            words, standing = _words(order, subjects, state.overrides, state.time)
            was = Moment(scene.verdicts, state.time, state.overrides.standing(state.time))
            then = was._replace(overrides=state.overrides.with_words(words, state.time).standing(state.time))
            refused = [] if order.force else guard.refusals(scene.model, was, then)
            if refused:
                raise RefusedError("\n".join(refused), "guard", forceable=True)
            told = {**_told(scene, [*words, *standing], then), "now": state.time, "dry_run": order.dry}
            if order.dry or not words:
                return {**told, "kept": True, "version": state.overrides.version}
            try:
                said = await self._store.say(words, state.overrides.version)
            except OvertakenError:
                continue
            return {**told, "kept": await self._keeper.keep_words(said), "version": said.version}
        raise UsageError("others change overrides all the time: try again")

    async def hold(self, request: Request) -> Answer:
        """Do `gslb hold`: freeze all verdicts, or let them go again."""
        author, reason, seconds = _signed(request, mandatory=not request.get("release"))
        dry, version = bool(request.get("dry_run")), request.get("version")
        for _ in range(TRIES):
            state = await self._store.read()
            _known(version, state.overrides)
            held = state.overrides.hold(state.time)
            word: Word
            if not request.get("release"):
                word = Hold(author, reason, state.time, None if seconds is None else state.time + seconds)
                if held is None and not dry:
                    await self._keeper.keep_held(self._scene().verdicts)
            elif held is None and not request.get("once"):
                raise UsageError("nothing is held")
            else:
                word = Withdrawal(HOLD, author, reason, state.time)
            told = {"kept": True, "now": state.time, "dry_run": dry}
            if dry or (request.get("once") and _same(word, held)):
                then = state.overrides.with_words([word], state.time) if dry else state.overrides
                return {"hold": status.hold(then.hold(state.time)), **told, "version": state.overrides.version}
            try:
                said = await self._store.say([word], state.overrides.version)
            except OvertakenError:
                continue
            kept = await self._keeper.keep_words(said)
            return {"hold": status.hold(said.hold(state.time)), **told, "kept": kept, "version": said.version}
        raise UsageError("others change overrides all the time: try again")

    async def list(self, _request: Request) -> Answer:
        """Do `gslb overrides`."""
        state = await self._store.read()
        reach = self._scene().reach
        standing = state.overrides.standing(state.time)
        return {
            "overrides": [status.override(one, reach, state.time) for one in standing],
            "hold": status.hold(state.overrides.hold(state.time)),
            "now": state.time,
            "version": state.overrides.version,
        }


def _known(version: object, overrides: Overrides) -> None:
    """Raise ChangedError where whoever asks knows another version."""
    if version is not None and version != overrides.version:
        raise ChangedError(f"overrides have changed: they are at version {overrides.version} now; look again, and say it again if it still holds")


def _same(word: Word, standing: Word | None) -> bool:
    """Whether a word says what stands already."""
    if isinstance(word, Withdrawal) or standing is None or isinstance(standing, Withdrawal):
        return isinstance(word, Withdrawal) and standing is None
    if isinstance(word, Override) and isinstance(standing, Override) and (word.kind, word.weight) != (standing.kind, standing.weight):
        return False
    ends = (word.expires is None) == (standing.expires is None) and abs((word.expires or 0.0) - (standing.expires or 0.0)) < SAME
    return ends and (word.author, word.reason) == (standing.author, standing.reason)


def _read(request: Request) -> Order:
    """Read a request of `override`. Raises UsageError."""
    try:
        verb, level, names = str(request["verb"]), Level(request["level"]), tuple(map(str, request["names"]))
        weight = int(request.get("weight", 1))
    except (KeyError, TypeError, ValueError):
        raise UsageError("an override needs verb, level and names") from None
    if verb not in TAKEN_BACK and verb not in list(Kind):
        raise UsageError(f"unknown verb {verb!r}: {', '.join([*Kind, *TAKEN_BACK])}")
    if not names:
        raise UsageError(f"which {level.value}?")
    if not 0 <= weight <= 1_000_000:
        raise UsageError("a weight is a whole number from 0 to 1,000,000")
    author, reason, seconds = _signed(request, mandatory=verb not in TAKEN_BACK)
    return Order(verb, level, names, weight, author, reason, seconds, bool(request.get("force")))


def _signed(request: Request, *, mandatory: bool) -> tuple[str, str, float | None]:
    """Read who says it, why, and for how long. Raises UsageError."""
    author, reason = (line(str(request.get(key) or ""))[:TEXT] for key in ("author", "reason"))
    if mandatory and not reason:
        raise UsageError("say why, for those who find it later: --reason 'new switches'")
    seconds = request.get("seconds")
    if seconds is not None and not (isinstance(seconds, int | float) and 0 < seconds <= LONGEST):
        raise UsageError("--for must be more than nothing and at most a year; without it the word stands until it is taken back")
    return author, reason, seconds


def _subject(model: Model, level: Level, name: str) -> dict[str, str]:
    """Find what a name means. Raises UsageError, with what might be meant."""
    known: Sequence[str]
    match level:
        case Level.SITE:
            known = list(dict.fromkeys([*model.sites, *(m.site for pool in model.pools.values() for m in pool.members if m.site)]))
            subject = {"site": name}
        case Level.POOL:
            known = list(model.pools)
            subject = {"pool": name}
        case Level.MEMBER:
            pool, _, member = name.partition("/")
            if pool in model.pools:
                known = [f"{pool}/{one.id}" for one in model.pools[pool].members]
            else:
                known = [f"{one.id}/{member.id}" for one in model.pools.values() for member in one.members]
            subject = {"pool": pool, "member": member}
    if name not in known:
        raise UnknownError(f"there is no {level.value} {name!r}: {meant(name, known)}")
    return subject


def _words(order: Order, subjects: Sequence[dict[str, str]], overrides: Overrides, now: float) -> tuple[list[Word], list[Word]]:
    """Spell an order out: what is to be written, and what stands already. Raises UsageError where there is nothing to take back."""
    words: list[Word] = []
    same: list[Word] = []
    standing = {one.key: one for one in overrides.standing(now)}
    for name, subject in zip(order.names, subjects, strict=True):
        if order.verb == "back":
            found = [one for one in standing.values() if (one.level, one.subject, one.kind) == (order.level, name, order.kind)]
            words += [Withdrawal(one.key, order.author, order.reason, now) for one in found]
        elif order.verb in TAKEN_BACK:
            keys = [f"{order.level.value}/{name}/{part}" for part in TAKEN_BACK[order.verb]]
            if not (stands := [key for key in keys if key in standing]):
                raise UsageError(
                    f"{order.level.value} {name} is not drained" if order.verb == "undrain" else f"nothing was said of {order.level.value} {name}"
                )
            words += [Withdrawal(key, order.author, order.reason, now) for key in stands]
        else:
            expires = None if order.seconds is None else now + order.seconds
            said: dict[str, Any] = {**subject, "author": order.author, "reason": order.reason, "since": now, "expires": expires}
            word = Override(Kind(order.verb), order.level, weight=order.weight, **said)
            before = standing.get(word.key)
            if order.once and before and _same(word, before):
                same.append(before)
            else:
                words.append(word)
    return words, same


def _told(scene: Scene, words: Sequence[Word], then: Moment) -> dict[str, Any]:
    """Say what the words do: each of them, what is left of the pools they reach, and where a stronger word stands against them."""
    said = [word for word in words if isinstance(word, Override)]
    taken_back = [word.key for word in words if isinstance(word, Withdrawal)]
    reached = scene.reach.pools(said)
    pools, overruled = [], []
    for pool in (scene.model.pools[name] for name in sorted(reached)):
        then_left = guard.left(scene.model, pool, then)
        pools.append({"pool": pool.id, "left": [member.id for member in then_left.given], "out": then_left.out})
        for member in pool.members:
            holds = effective(then.overrides, pool.id, member.id, member.site, then.now)
            if holds and holds not in said and any(word.speaks_of(pool.id, member.id, member.site) for word in said):
                overruled.append({"member": f"{pool.id}/{member.id}", "by": status.override(holds, scene.reach, then.now)})
    return {
        "overrides": [status.override(word, scene.reach, then.now) for word in said],
        "taken_back": taken_back,
        "pools": pools,
        "overruled": overruled,
    }
