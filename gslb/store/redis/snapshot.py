"""Everything that a store holds, read at one moment, within bounds: names first, then how large what they name is, then all in one MULTI.

Used by the store and its replica. What is too large or of another type than it should be is left out, refused and counted: a bad key costs that key.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from gslb.store.envelope import RefusedError
from gslb.store.ledger import Records
from gslb.store.reader import Place
from gslb.store.redis import layout
from gslb.store.redis.connection import Command, Wire, done
from gslb.store.redis.layout import Layout

Refuse = Callable[[RefusedError, Place], None]

_ID: Final = 64  # octets of a store's own id
_TRIES: Final = 3  # somebody may come while all is read; more than so often is not by chance, and the next pulse sees to it


class Moment(NamedTuple):
    """A store's clock and which store it is. `hints`: how many there were so far, None where no number stands."""

    time: float
    run: str
    id: bytes
    hints: int | None
    last: bytes  # id of the last hint


class Names(NamedTuple):
    """Whom the store knows."""

    probers: Sequence[str]
    registrants: Sequence[str] = ()
    nodes: Sequence[str] = ()


class Snapshot(NamedTuple):
    """All of it."""

    moment: Moment
    names: Names
    records: Records


def moment_commands(keys: Layout) -> list[Command]:
    """Return what is asked to know which moment it is."""
    return [
        ("TIME",),
        ("INFO", "server"),
        ("GETRANGE", keys.id, 0, _ID - 1),
        ("GETRANGE", keys.count, 0, 20),
        ("XREVRANGE", keys.hints, "+", "-", "COUNT", 1),
    ]


MOMENT: Final = 5  # answers to `moment_commands`


def moment(answers: Sequence[Any]) -> Moment:
    """Read those answers."""
    clock, about, name, count, last = answers[:MOMENT]
    time = int(clock[0]) + int(clock[1]) / 1e6
    mark = name if isinstance(name, bytes) else b"?"
    run = next((line[7:].decode(errors="replace") for line in octets(about).split(b"\r\n") if line.startswith(b"run_id:")), "")
    number = int(count) if isinstance(count, bytes) and count.isdigit() else 0 if count == b"" else None
    return Moment(time, _run(run, mark), mark, number, last[0][0] if isinstance(last, list) and last else b"0-0")


def _run(server: str, mark: bytes) -> str:
    return f"{server}/{mark.decode('ascii', 'replace')}"


def string(key: str) -> Command:
    """Return the command that reads a string, and never more of it than a record may have."""
    return ("GETRANGE", key, 0, layout.LARGEST)


def members(key: str) -> Command:
    """Return the command that reads a set of names, and never more than so many."""
    return ("SRANDMEMBER", key, layout.NAMES)


def octets(answer: Any) -> bytes:
    """Read a string's answer: nothing where it is of another type."""
    return answer if isinstance(answer, bytes) else b""


def fields(answer: Any) -> dict[str, bytes]:
    """Read a hash's answer; names that are no text are passed over."""
    found = {}
    if isinstance(answer, list):
        for name, value in zip(answer[::2], answer[1::2], strict=False):
            if len(name) <= 2 * layout.NAME * 4:
                found[name.decode(errors="replace")] = value
    return found


async def hashes(wire: Wire, wanted: Mapping[str, tuple[str, str, int]], refuse: Refuse) -> dict[str, dict[str, bytes]]:
    """Read some hashes (key → kind, writer, most fields) that may be large; those within bounds."""
    sound = await within_bounds(wire, wanted, refuse)
    answers = await wire.ask_each([("HGETALL", key) for key in sound])
    return {key: fields(answer) for key, answer in zip(sound, answers, strict=True)}


async def within_bounds(wire: Wire, wanted: Mapping[str, tuple[str, str, int]], refuse: Refuse) -> list[str]:
    """Return the keys of those hashes that are not too large to be read."""
    commands: list[Command] = []
    for key in wanted:
        commands += [("HLEN", key), ("MEMORY", "USAGE", key, "SAMPLES", 0)]
    answers = await wire.ask_each(commands)
    sound = []
    for number, (key, (kind, writer, most)) in enumerate(wanted.items()):
        length, size = answers[2 * number : 2 * number + 2]
        if isinstance(length, Exception):
            refuse(RefusedError("format", f"{key}: {length}"), Place(kind, writer))
        elif length > most or (isinstance(size, int) and size > layout.HASH):
            refuse(RefusedError("size", f"{key}: {length} fields, {size} octets"), Place(kind, writer))
        else:
            sound.append(key)
    return sound


async def read_names(wire: Wire, keys: Layout, known: Iterable[str]) -> Names:
    """Read whom the store knows; probers that are `known` besides (from keys) stand among them whatever the store says."""
    probers, registrants, nodes = await wire.ask_each([members(key) for key in (keys.probers, keys.registrants, keys.nodes)])
    return Names(merged(probers, known), layout.names(registrants), layout.names(nodes))


def merged(found: Any, known: Iterable[str]) -> list[str]:
    """Read names of probers, the known ones first where there are too many."""
    first = sorted(set(known))
    return (first + [name for name in layout.names(found) if name not in set(first)])[: layout.NAMES]


async def name_it(wire: Wire, keys: Layout) -> None:
    """Give a store that is new, or was wiped, an id: by it everybody sees that it is another one. Who may not, leaves it to others."""
    await wire.ask_each([("SET", keys.id, secrets.token_hex(16), "NX")])


async def named(wire: Wire, keys: Layout, now: Moment) -> Moment:
    """Give a store an id, and return the moment with it."""
    await name_it(wire, keys)
    (name,) = await wire.ask_each([("GETRANGE", keys.id, 0, _ID - 1)])
    return now._replace(id=octets(name), run=_run(now.run.partition("/")[0], octets(name)))


async def read(wire: Wire, keys: Layout, known: Iterable[str], refuse: Refuse) -> Snapshot:
    """Read everything. Raises StoreError."""
    if (await wire.ask_each([("GETRANGE", keys.id, 0, _ID - 1)]))[0] == b"":
        await name_it(wire, keys)
    names = await read_names(wire, keys, known)
    for _ in range(_TRIES):
        found, after = await _read(wire, keys, names, refuse)
        if after == _sets(names):
            break
        names = await read_names(wire, keys, known)  # somebody came in between: what was read does not hold all that its last hint stands for
    return found


async def read_pushes(wire: Wire, keys: Layout, refuse: Refuse) -> tuple[Moment, dict[str, dict[str, bytes]]]:
    """Read what sites say of themselves, and nothing else. Raises StoreError."""
    *about, registrants = await wire.ask_each([*moment_commands(keys), members(keys.registrants)])
    done(about[:1])
    wanted = {keys.push(name): ("push", name, layout.PUSHES) for name in layout.names(registrants)}
    sound = await within_bounds(wire, wanted, refuse)
    answers = await wire.ask_each([("HGETALL", key) for key in sound])
    done(answers)  # whoever may not read them must not take them for gone
    return moment(about), {wanted[key][1]: fields(answer) for key, answer in zip(sound, answers, strict=True)}


def _sets(names: Names) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(names.probers), frozenset(names.registrants)


async def _read(wire: Wire, keys: Layout, names: Names, refuse: Refuse) -> tuple[Snapshot, tuple[frozenset[str], frozenset[str]]]:
    """Read everything of these names; also whose names there are by then."""
    wanted = {keys.votes(name): ("votes", name, layout.CHANGES + layout.PARTS) for name in names.probers}
    wanted |= {keys.push(name): ("push", name, layout.PUSHES) for name in names.registrants}
    sound = await within_bounds(wire, wanted, refuse)
    strings = [keys.book, keys.bundle, *map(keys.lease, names.probers), *map(keys.node, names.nodes)]
    sets = [members(keys.probers), members(keys.registrants)]
    commands = [*moment_commands(keys), *map(string, strings), *(("HGETALL", key) for key in sound), *sets]
    answers = await wire.transaction(commands) or []
    now = moment(answers)
    found: dict[str, Any] = dict(zip(strings, answers[MOMENT:], strict=False))
    for key, answer in found.items():
        if isinstance(answer, Exception):
            kind, _, writer = key.removeprefix(keys.prefix).partition(":")
            refuse(RefusedError("format", f"{key}: {answer}"), Place(kind, writer))
    read_hashes = {key: fields(answer) for key, answer in zip(sound, answers[MOMENT + len(strings) : -2], strict=True)}
    records = Records(
        now.time,
        now.run,
        {name: octets(found[keys.lease(name)]) for name in names.probers},
        {name: read_hashes.get(keys.votes(name), {}) for name in names.probers},
        octets(found[keys.book]),
        MappingProxyType({name: read_hashes[keys.push(name)] for name in names.registrants if keys.push(name) in read_hashes}),
        {name: record for name in names.nodes if (record := octets(found[keys.node(name)]))},
        octets(found[keys.bundle]),
        frozenset(name for name in names.probers if isinstance(found[keys.lease(name)], Exception) or keys.votes(name) not in read_hashes),
    )
    probers, registrants = answers[-2:]
    return Snapshot(now, names, records), (frozenset(names.probers) | set(layout.names(probers)), frozenset(layout.names(registrants)))
