"""Members that register themselves: who of those that knock is let into a pool, and who has to leave.

Pure. Asked by the roles with what the store holds (`Pushed`), it gives the roll, and a model with whoever is on it. The files decide: a pool names
networks, sites whose word counts, and a maximum; the store can add nobody beyond that, and takes nobody out whom the pool cannot spare.

    on the roll   while                                                              probed   served
    ------------  -----------------------------------------------------------------  -------  ------
    waiting       its lease lasts, and its checks have not passed yet                yes      no
    joined        its lease lasts                                                    yes      as its checks say
    held          its lease has ended, and the pool would have too few without it    yes      as its checks say
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final, NamedTuple

from gslb import targets
from gslb.model import Address, Member, Model, Pool, Registration
from gslb.store.state import Push, Pushed
from gslb.verdict import State, Verdicts

AHEAD: Final = 60.0  # seconds by which a word may be dated ahead of the store's time: a lease is no longer than it says

Place = tuple[str, str]  # pool, address


@dataclass(frozen=True, slots=True)
class Entry:
    """One on the roll. `since`: when it came, `until`: when its lease ends, in the store's time; `run`: the store in which its word was heard."""

    pool: str
    address: str
    registrant: str
    since: float
    until: float
    run: str
    weight: int = 1
    joined: bool = False
    held: bool = False

    @property
    def place(self) -> Place:
        """What no two of them share."""
        return self.pool, self.address

    @property
    def state(self) -> str:
        """As the table above calls it."""
        return "held" if self.held else "joined" if self.joined else "waiting"


Roll = Mapping[Place, Entry]


class Called(NamedTuple):
    """Who is on the roll now, and who was refused: (registrant, key) → why."""

    roll: Roll
    refused: Mapping[tuple[str, str], str]


def call(model: Model, before: Roll, said: Pushed, *, signed: bool, spare: int = 1) -> Called:
    """Call the roll. `model`: the files' alone; `signed`: whether whoever speaks in this store is who they say.

    `spare`: how many times the maximum may be on the roll, for a prober, which cannot know whom the nameservers took.
    """
    refused: dict[tuple[str, str], str] = {}
    knocking: dict[Place, Entry] = {}
    for who, word in sorted(said.words.items()):
        if not word.pool:
            continue
        if why := _refusal(model, word, said.time, signed=signed):
            refused[who] = why
        elif word.until > said.time:
            entry = _entry(word, before.get((word.pool, word.address)), said)
            knocking.setdefault(entry.place, entry)
    roll: dict[Place, Entry] = {}
    for pool in _open(model):
        wanted = [entry for entry in knocking.values() if entry.pool == pool.id]
        gone = [entry for entry in kept(model, before).values() if entry.pool == pool.id and entry.place not in knocking]
        # What a store that is another one now does not hold has not been taken back.
        wanted += [replace(entry, held=False) for entry in gone if entry.run != said.run and entry.until > said.time]
        present, late = _within(pool, wanted, spare)
        refused |= {(entry.registrant, f"{entry.pool}/{entry.address}"): "full" for entry in late}
        roll |= {entry.place: entry for entry in (*present, *_held(pool, present, gone))}
    return Called(roll, refused)


def passed(model: Model, roll: Roll, verdicts: Verdicts) -> Roll:
    """Let join whoever waits and is up. To be called before `call`, which sees to it that there are no more than the maximum."""
    found = dict(roll)
    for entry in roll.values():
        if not entry.joined:
            member = _member(model.pools[entry.pool], entry)
            keys = targets.of_address(model, member, member.addresses[0])
            up = sum(key in verdicts and verdicts[key].state is State.UP for key in keys)
            found[entry.place] = replace(entry, joined=up >= (member.need or len(keys)))
    return found


def admit(model: Model, entries: Iterable[Entry]) -> Model:
    """Return the model with these members in its pools, behind those of the files; the same object where there are none."""
    coming: dict[str, list[Member]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.pool, ip_address(entry.address).packed)):
        coming.setdefault(entry.pool, []).append(_member(model.pools[entry.pool], entry))
    if not coming:
        return model
    grown = {name: replace(model.pools[name], members=(*model.pools[name].members, *members)) for name, members in coming.items()}
    return replace(model, pools={**model.pools, **grown})


def kept(model: Model, roll: Roll) -> Roll:
    """Return those on the roll whom the files, which may have changed, still allow; no more of a pool than its maximum."""
    room = {pool.id: pool.register.maximum for pool in _open(model) if pool.register}
    found = {}
    for place, entry in roll.items():
        pool = model.pools.get(entry.pool)
        if pool and pool.register and entry.registrant in pool.register.keys and _fits(pool, pool.register, entry.address) and room[pool.id]:
            room[pool.id] -= entry.joined or entry.held
            found[place] = entry
    return found


def _open(model: Model) -> list[Pool]:
    """Return the pools that take members which register themselves."""
    return [pool for pool in model.pools.values() if pool.register]


def _refusal(model: Model, word: Push, now: float, *, signed: bool) -> str:
    """Say why a word lets nobody in; "" where it does."""
    pool = model.pools.get(word.pool)
    if pool is None or pool.register is None:
        return "pool"
    if not signed:
        return "unsigned"
    if word.registrant not in pool.register.keys:
        return "registrant"
    if word.site and word.site != pool.register.member.site:
        return "site"
    if word.at > now + AHEAD:
        return "time"
    return "" if _fits(pool, pool.register, word.address) else "address"


def _fits(pool: Pool, allowed: Registration, text: str) -> bool:
    """Whether an address may join: of the networks, one that a client can use, and not there already."""
    address: Address = ip_address(text)
    useless = address.is_multicast or address.is_unspecified or "%" in text  # a zone is for one machine's eyes
    inside = any(address in network for network in allowed.networks)
    taken = any(address in member.addresses or member.id == text for member in pool.members)
    return inside and not useless and not taken


def _entry(word: Push, old: Entry | None, said: Pushed) -> Entry:
    """Put a word on the roll; of one that is there already, and says nothing new, the store stays the one it was heard in."""
    if old is None:
        return Entry(word.pool, word.address, word.registrant, said.time, word.until, said.run, word.weight)
    run = old.run if (old.registrant, old.until) == (word.registrant, word.until) else said.run
    return replace(old, registrant=word.registrant, until=word.until, run=run, weight=word.weight, held=False)


def _within(pool: Pool, wanted: list[Entry], spare: int) -> tuple[list[Entry], list[Entry]]:
    """Divide into those there is room for and the others. Whoever has joined stays; of those who wait every nameserver takes the same."""
    assert pool.register  # none other is asked about
    room = pool.register.maximum * spare
    queue = sorted(wanted, key=lambda entry: (not entry.joined, ip_address(entry.address).version, ip_address(entry.address).packed))
    return queue[:room], queue[room:]


def _held(pool: Pool, present: list[Entry], gone: list[Entry]) -> list[Entry]:
    """Return those that stay though their lease has ended, for there would be fewer than the least: the last ones to end."""
    assert pool.register  # as above
    joined = sum(entry.joined for entry in present)
    short = min(pool.register.min_members - len(pool.members), pool.register.maximum) - joined
    here = {entry.place for entry in present}
    last = sorted((entry for entry in gone if entry.joined and entry.place not in here), key=lambda entry: (-entry.until, entry.address))
    return [replace(entry, held=True) for entry in last[: max(0, short)]]


def _member(pool: Pool, entry: Entry) -> Member:
    assert pool.register  # as above
    return replace(pool.register.member, id=entry.address, addresses=(ip_address(entry.address),), weight=entry.weight)
