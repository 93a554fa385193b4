"""The contract of a store, as one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from gslb.errors import StoreError
from gslb.event import Event
from gslb.lease import Lease
from gslb.override import Hold, Kind, Level, Override, Withdrawal
from gslb.store.state import Hint, NodeReport, Overrides, OvertakenError, Push, Store
from gslb.testing import stall
from gslb.testing.published import OF_VERSIONS
from gslb.verdict import State, Target, Vote

_LIMIT: Final = 5.0  # seconds for anything to be heard; a store across a network may take a while
A: Final = Target("web", "d1", "192.0.2.1")
B: Final = Target("web", "d1", "2001:db8::1")

_FOREVER: Final = 4e9  # a store lets go of what has long been over: by its own clock these have not
DRAIN: Final = Override(Kind.DRAIN, Level.SITE, site="fra", author="ann", reason="new switches — ✓", since=100.0, expires=_FOREVER)
WEIGHT: Final = Override(Kind.WEIGHT, Level.MEMBER, pool="web", member="2001:db8::1", weight=7, author="bob", reason="canary", since=105.0)
HOLD: Final = Hold("ann", "probers are moved", 106.0, _FOREVER)


async def check_store(make: Callable[[], Awaitable[Store]]) -> None:
    """Hold a store to its contract. `make` opens an empty one each time; several from one `make` need not share anything."""
    for law in (*_OF_VOTES, *_OF_LEASES, *_OF_OVERRIDES, *_OF_THE_DIARY, *OF_VERSIONS, _closes):
        store = await make()
        try:
            async with stall.timeout(_LIMIT * 2):
                await law(store)
        finally:
            await store.close()


async def _begins_empty(store: Store) -> None:
    state = await store.read()
    assert not state.votes
    assert not state.overrides.words
    assert state.overrides.version == 0
    assert state.time > 0, "a store has a clock"


async def _keeps_votes_apart(store: Store) -> None:
    """Every prober has its own vote on every target."""
    await store.publish("p1", [_vote("p1", A), _vote("p1", B, State.DOWN)])
    await store.publish("p2", [_vote("p2", A, State.DOWN)])
    votes = (await store.read()).votes
    assert votes[A] == {"p1": _vote("p1", A), "p2": _vote("p2", A, State.DOWN)}
    assert votes[B] == {"p1": _vote("p1", B, State.DOWN)}


async def _replaces(store: Store) -> None:
    """Put a vote in place of the same prober's earlier one, whole; other targets stay as they were."""
    await store.publish("p1", [_vote("p1", A), _vote("p1", B)])
    later = Vote(A, "p1", State.UP, 7.5, 40, 12.5, "status 200, certificate 9 days left — ✓", 6.25)
    await store.publish("p1", [later])
    votes = (await store.read()).votes
    assert votes[A]["p1"] == later, "every field comes back"
    assert votes[B]["p1"] == _vote("p1", B)


async def _forgets(store: Store) -> None:
    await store.publish("p1", [_vote("p1", A), _vote("p1", B)])
    await store.publish("p2", [_vote("p2", A)])
    await store.forget("p1", [A, Target("gone", "", "192.0.2.9")])
    votes = (await store.read()).votes
    assert votes == {A: {"p2": _vote("p2", A)}, B: {"p1": _vote("p1", B)}}
    await store.forget("p2", [A])
    assert A not in (await store.read()).votes, "a target without votes is not there"


async def _states_do_not_change(store: Store) -> None:
    """Read a value, not a view."""
    await store.publish("p1", [_vote("p1", A)])
    before = await store.read()
    await store.publish("p1", [_vote("p1", A, State.DOWN)])
    await store.publish("p2", [_vote("p2", A)])
    await store.forget("p1", [A])
    assert before.votes == {A: {"p1": _vote("p1", A)}}
    assert (await store.read()).time >= before.time, "its clock is not set back"


async def _hints(store: Store) -> None:
    """Whoever listens hears of every change after that, also while it was busy; and so does the next one."""
    first, second = store.changes(), store.changes()
    await store.publish("p1", [_vote("p1", A)])
    await store.publish("p1", [_vote("p1", B)])
    for listener in (first, second):
        await _heard(listener.__anext__, {A, B})
    await store.forget("p1", [B])
    await _heard(first.__anext__, {B})
    waiting = asyncio.ensure_future(second.__anext__())
    await _heard(lambda: waiting, {B})
    silent = asyncio.ensure_future(first.__anext__())
    await asyncio.sleep(0)
    assert not silent.done(), "no hint without a change"
    await store.publish("p1", [_vote("p1", A, State.DOWN)])
    await _heard(lambda: silent, {A})


async def _heard(listen: Callable[[], Awaitable[Hint]], wanted: set[Target]) -> None:
    """Hints may be merged or split; an empty one covers everything."""
    while wanted:
        async with stall.timeout(_LIMIT):
            hint = await listen()
        wanted = wanted - hint if hint else set()


async def _refuses_false_names(store: Store) -> None:
    """Let a prober vote for itself only, and take a batch whole or not at all."""
    try:
        await store.publish("p1", [_vote("p1", A), _vote("p2", B)])
    except StoreError:
        assert not (await store.read()).votes
    else:
        raise AssertionError("a vote in another prober's name was taken")


async def _rewrites(store: Store) -> None:
    """Put one prober's votes in place of all it said before; those of others stay."""
    await store.publish("p1", [_vote("p1", A), _vote("p1", B)])
    await store.publish("p2", [_vote("p2", B)])
    listener = store.changes()
    await store.rewrite("p1", [_vote("p1", A, State.DOWN)])
    assert (await store.read()).votes == {A: {"p1": _vote("p1", A, State.DOWN)}, B: {"p2": _vote("p2", B)}}
    await _heard(listener.__anext__, {A, B})
    await store.rewrite("p1", [])
    assert (await store.read()).votes == {B: {"p2": _vote("p2", B)}}


async def _keeps_leases(store: Store) -> None:
    """Tell who lives, at once to whoever renews, and later to whoever reads; and whether the store is still the same one."""
    await store.publish("p1", [_vote("p1", A)])
    now = (await store.pulse()).time
    first = await store.renew(Lease("p1", "fra", now, targets=1, lateness=0.25))
    assert first.run, "a store says which one it is"
    assert _said(first.leases["p1"]) == Lease("p1", "fra", now, targets=1, lateness=0.25), "every field comes back"
    second = await store.renew(Lease("p2", "iad", now, 4.0, "no reference answers", 7, 6))
    assert set(second.leases) == {"p1", "p2"}
    assert second.run == first.run
    assert second.time >= first.time
    state = await store.read()
    assert state.run == first.run
    assert _said(state.leases["p2"]) == Lease("p2", "iad", now, 4.0, "no reference answers", 7, 6)
    await store.leave("p2")
    await store.leave("nobody")
    assert set((await store.pulse()).leases) == {"p1"}


async def _tells_of_leases(store: Store) -> None:
    """Whoever listens hears at once of a prober that comes, goes, or begins or ceases to doubt itself."""
    listener = store.changes()
    now = (await store.pulse()).time
    for change in (
        lambda: store.renew(Lease("p1", "fra", now)),
        lambda: store.renew(Lease("p1", "fra", now + 0.5, suspect="no reference answers")),
        lambda: store.leave("p1"),
    ):
        await change()
        async with stall.timeout(_LIMIT):
            while await anext(listener):
                pass


async def _leaves(store: Store) -> None:
    """Leave nothing behind where a prober stops in good order."""
    await store.publish("p1", [_vote("p1", A)])
    await store.publish("p2", [_vote("p2", A)])
    await store.renew(Lease("p1", "fra", (await store.pulse()).time))
    await store.leave("p1")
    state = await store.read()
    assert state.votes == {A: {"p2": _vote("p2", A)}}
    assert not state.leases


async def _shows_nodes(store: Store) -> None:
    now = (await store.pulse()).time
    report = NodeReport("ns1", now, "1.0", "abc", "def", 7, 3, ("192.0.2.53:53", "[2001:db8::53]:53"), {"role": "node", "config": 12, "refused": "ü"})
    await store.report(replace(report, generation=6))
    await store.report(report)
    assert (await store.read()).nodes == {"ns1": report}


async def _takes_pushes(store: Store) -> None:
    """Sites speak for themselves, each under a lease of its own."""
    now = (await store.pulse()).time
    beat = Push("fra", "192.0.2.1", now, now + 30, check="app", grade=80)
    member = Push("fra", "192.0.2.77", now, now + 30, pool="web", site="fra", weight=3)
    await store.push(beat)
    await store.push(member)
    await store.push(Push("iad", "192.0.2.1", now, now + 30, check="app"))
    assert (await store.read()).pushes["fra", "app/192.0.2.1"] == beat
    await store.push(replace(member, at=now + 0.01, until=now))
    pushes = (await store.read()).pushes
    assert set(pushes) == {("fra", "app/192.0.2.1"), ("iad", "app/192.0.2.1")}
    pushed = await store.pushed()
    assert pushed.words == pushes
    assert pushed.run == (await store.pulse()).run
    assert abs(pushed.time - await store.now()) < _LIMIT


def _said(lease: Lease) -> Lease:
    """Leave out what the store filled in."""
    return replace(lease, epoch=0, sequence=0)


async def _takes_words(store: Store) -> None:
    """Keep the last word of each key whole, and count versions."""
    first = await store.say([DRAIN, WEIGHT], 0)
    assert first.version > 0
    assert first.standing(150.0) == (DRAIN, WEIGHT), "every field comes back, in the order it was said"
    assert (await store.read()).overrides == first
    later = replace(DRAIN, since=120.0, reason="longer", expires=5e9)
    second = await store.say([later, HOLD], first.version)
    assert second.version > first.version
    assert second.standing(150.0) == (WEIGHT, later)
    assert second.hold(150.0) == HOLD


async def _refuses_overtaken_words(store: Store) -> None:
    """Let nobody write who has not read what was written last; nothing of it is taken."""
    now = await store.say([DRAIN], (await store.read()).overrides.version)
    for version in (now.version - 1, now.version + 1):
        try:
            await store.say([WEIGHT], version)
        except OvertakenError:
            continue
        raise AssertionError("words judged by an old state were taken")
    assert (await store.read()).overrides == now
    results = await asyncio.gather(*(store.say([replace(WEIGHT, weight=n)], now.version) for n in range(5)), return_exceptions=True)
    assert sum(isinstance(result, Overrides) for result in results) == 1, "of those who write at once one is first"


async def _withdraws(store: Store) -> None:
    """Take one word back; who remembers it later does not bring it to life again."""
    said = await store.say([DRAIN, WEIGHT], 0)
    gone = Withdrawal(DRAIN.key, "ann", "done", _FOREVER)
    left = await store.say([gone], said.version)
    assert left.standing(150.0) == (WEIGHT,)
    assert (await store.remind([DRAIN, WEIGHT])).standing(150.0) == (WEIGHT,)
    again = replace(DRAIN, since=_FOREVER + 1, expires=None)
    assert (await store.say([again], left.version)).standing(150.0) == (WEIGHT, again)


async def _is_reminded(store: Store) -> None:
    """Begin with what was said before a wipe; of two words the one said later stands, whoever brings it."""
    before = await store.remind([DRAIN, HOLD])
    assert before.standing(150.0) == (DRAIN,)
    assert before.hold(150.0) == HOLD
    younger, older = replace(DRAIN, since=110.0), replace(HOLD, since=1.0, reason="older")
    now = await store.remind([younger, older])
    assert now.standing(150.0) == (younger,)
    assert now.hold(150.0) == HOLD
    assert await store.remind([DRAIN]) == now, "nothing new, no new version"
    assert await store.remind([]) == now


async def _tells_of_words(store: Store) -> None:
    """Whoever listens hears of words, by a hint that covers everything, also when votes change beside them."""
    listener = store.changes()
    await store.publish("p1", [_vote("p1", A)])
    said = await store.say([DRAIN], 0)
    await store.publish("p1", [_vote("p1", B)])
    async with stall.timeout(_LIMIT):
        while await anext(listener):
            pass
    before = await store.read()
    await store.say([Withdrawal(DRAIN.key, since=_FOREVER)], said.version)
    assert before.overrides == said, "what was read does not change"


async def _tells_what_happened(store: Store) -> None:
    """Give events back whole, in the order they were told, from any of them on; the newest ones to whoever names none."""
    assert list(await store.told("", 10)) == []
    whole = Event("verdict", "web 192.0.2.1", "down: 2 of 3 — ✓", 100.5, "warning", "ann", "ns1", {"votes": ["p1", 2, None]}, "verdict/web/1")
    await store.tell([])
    await store.tell([whole, *(replace(whole, at=float(n), key=f"{n}") for n in range(4))])
    await store.tell([replace(whole, key="last")])
    events = await store.told("", 10)
    assert replace(events[0], id="") == whole, "every field comes back"
    assert [event.key for event in events] == [whole.key, "0", "1", "2", "3", "last"]
    assert len({event.id for event in events}) == len(events), "each has an id of its own"
    assert list(await store.told("", 2)) == list(events[-2:])
    assert list(await store.told(events[1].id, 3)) == list(events[2:5])
    assert list(await store.told(events[-1].id, 3)) == []
    await _refuses(lambda: store.told("no id", 3))


async def _bounds_what_happened(store: Store) -> None:
    """Take an event whose evidence does not fit, without it."""
    await store.tell([Event("reload", "files", "x" * 5000, 1.0, evidence={"problems": ["y" * 100] * 1000})])
    (event,) = await store.told("", 10)
    assert event.what.startswith("xxx")
    assert len(str(event)) < 4096


async def _audits(store: Store) -> None:
    """Keep who said what, newest first; bringing words back is no deed of anybody."""
    said = await store.say([DRAIN, WEIGHT], 0)
    await store.say([Withdrawal(DRAIN.key, "cat", "done", _FOREVER)], said.version)
    await store.remind([replace(WEIGHT, since=200.0)])
    newest, first = await store.audited("", 10)
    assert "taken back" in newest.what
    assert "done" in newest.what
    assert (newest.by, first.by) == ("cat", "ann, bob")
    assert "site fra drain: new switches — ✓" in first.what
    assert first.at <= newest.at
    assert list(await store.audited(newest.id, 10)) == [first]
    assert list(await store.audited("", 1)) == [newest]
    await _refuses(lambda: store.audited("+", 3))


async def _refuses(use: Callable[[], Awaitable[object]]) -> None:
    try:
        await use()
    except StoreError:
        return
    raise AssertionError("it was taken")


async def _closes(store: Store) -> None:
    """End the listeners on closing, and afterwards say so with a StoreError."""
    listener = store.changes()
    waiting = asyncio.ensure_future(listener.__anext__())
    await asyncio.sleep(0)
    await store.close()
    await store.close()
    for end in (lambda: waiting, listener.__anext__):
        try:
            async with stall.timeout(_LIMIT):
                await end()
        except StopAsyncIteration:
            continue
        raise AssertionError("a closed store gave a hint")
    closed = (lambda: store.told("", 1), lambda: store.audited("", 1), lambda: store.tell([]))
    for use in (store.read, lambda: store.publish("p1", []), lambda: store.say([DRAIN], 0), lambda: store.remind([DRAIN]), *closed):
        try:
            await use()
        except StoreError:
            continue
        raise AssertionError("a closed store answered")


def _vote(prober: str, target: Target, state: State = State.UP) -> Vote:
    return Vote(target, prober, state, 1.5, reason="status 200")


_OF_VOTES: Final = (_begins_empty, _keeps_votes_apart, _replaces, _forgets, _states_do_not_change, _hints, _refuses_false_names)
_OF_LEASES: Final = (_rewrites, _keeps_leases, _tells_of_leases, _leaves, _shows_nodes, _takes_pushes)
_OF_OVERRIDES: Final = (_takes_words, _refuses_overtaken_words, _withdraws, _is_reminded, _tells_of_words)
_OF_THE_DIARY: Final = (_tells_what_happened, _bounds_what_happened, _audits)
