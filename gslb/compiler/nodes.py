"""The nodes of a zone as control holds them: made from packed names when they are asked for, and compared without being made.

Made by `zones` for each zone; a mapping like the table a plane has, at next to no memory beside the model's own. `delta` asks it what
differs from another load's nodes. Never changed.
"""

from __future__ import annotations

import weakref
from collections.abc import ItemsView, Iterator, Mapping
from typing import Final, NamedTuple

from gslb.packed import PackedNames, records, without_places
from gslb.plan import Node, RRset

_TARGET_AT: Final = {2: 0, 5: 0, 39: 0, 15: 2, 33: 6}  # NS, CNAME, DNAME, MX, SRV: where the target stands in the rdata


class Difference(NamedTuple):
    """What turns nodes into others: names that are new or have changed, and those that are gone."""

    changed: tuple[bytes, ...]
    gone: tuple[bytes, ...]


class Nodes(Mapping[bytes, Node]):
    """`special`: nodes that are not simply the static records of their name; `hidden`: packed names that are no nodes, or special ones."""

    __slots__ = ("__weakref__", "_from", "_hidden", "_packed", "_special")

    def __init__(self, names: PackedNames, special: dict[bytes, Node], hidden: frozenset[bytes]) -> None:
        """Share the table of a model's zone."""
        self._packed = names.packed
        self._special = special
        self._hidden = hidden
        self._from: tuple[weakref.ref[Nodes], Difference] | None = None

    def __getitem__(self, name: bytes) -> Node:
        node = self.get(name)
        if node is None:
            raise KeyError(name)
        return node

    def get(self, name: bytes, default: Node | None = None) -> Node | None:  # type: ignore[override]  # None is the only default asked for
        """Return a name's node."""
        value = self._packed.get(name)
        if value is None or name in self._hidden:
            return self._special.get(name, default)
        return _static(value)

    def __iter__(self) -> Iterator[bytes]:
        yield from (name for name in self._packed if name not in self._hidden) if self._hidden else self._packed
        yield from self._special

    def __len__(self) -> int:
        return len(self._packed) - len(self._hidden) + len(self._special)

    def __contains__(self, name: object) -> bool:
        return name in self._special or (name in self._packed and name not in self._hidden)

    def items(self) -> ItemsView[bytes, Node]:
        """Return all names with their nodes."""
        return _Items(self)

    def walk(self) -> Iterator[tuple[bytes, Node]]:
        """Walk all names with their nodes."""
        for name, value in self._packed.items():
            if name not in self._hidden:
                yield name, _static(value)
        yield from self._special.items()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Nodes):
            return self is other or (len(self) == len(other) and self.since(other) == _NO_DIFFERENCE)
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # like every mapping's

    def __repr__(self) -> str:
        return f"<{len(self)} nodes, {len(self._special)} of them special>"

    def since(self, old: Nodes) -> Difference:
        """Return what differs from other nodes. The last answer is remembered: it may take a second for a million names."""
        if self._from is None or self._from[0]() is not old:
            self._from = weakref.ref(old), self._compare(old)
        return self._from[1]

    def _compare(self, old: Nodes) -> Difference:
        changed = [name for name in dict.fromkeys(self._suspects(old)) if old.get(name) != self[name]]
        added = sum(name not in old for name in changed)
        if len(old) + added == len(self):
            return Difference(tuple(changed), ())
        return Difference(tuple(changed), tuple(name for name in old if name not in self))

    def _suspects(self, old: Nodes) -> Iterator[bytes]:
        """Walk the names that may be new or different: what is served of all others is the same octets."""
        if self._packed is not old._packed:
            before = old._packed.get
            for name, value in self._packed.items():
                was = before(name)
                if was != value and (was is None or without_places(was) != without_places(value)) and name not in self._hidden:
                    yield name
        yield from (name for name in old._hidden if name in self._packed and name not in self._hidden)
        yield from self._special


class _Items(ItemsView[bytes, Node]):
    """Names with nodes, not looked up one by one."""

    _mapping: Nodes

    def __iter__(self) -> Iterator[tuple[bytes, Node]]:
        return self._mapping.walk()


_NO_DIFFERENCE: Final = Difference((), ())


def difference(old: Mapping[bytes, Node], new: Mapping[bytes, Node]) -> Difference:
    """Return what turns the nodes of a zone into others."""
    if isinstance(old, Nodes) and isinstance(new, Nodes):
        return new.since(old)
    changed = tuple(name for name, node in new.items() if (was := old.get(name)) is not node and was != node)
    return Difference(changed, tuple(name for name in old if name not in new))


def made(number: int, ttl: int, rdata: tuple[bytes, ...]) -> RRset:
    """Make a plan's RRset."""
    at = _TARGET_AT.get(number)
    return RRset(number, ttl, rdata, () if at is None else tuple(data[at:].lower() for data in rdata))


def _static(value: bytes) -> Node:
    """Make the node of static records."""
    found = records(value)
    if len(found) == 1:
        return Node((made(*found[0]),))
    return Node(tuple(sorted([made(*one) for one in found], key=_type)))


def _type(rrset: RRset) -> int:
    return rrset.type
