"""A structured file as plain values, with the place of every part of it.

Made by `yaml12`, walked by everything on this floor that judges operators' files, so that each mistake can be shown with its line
and a caret. Places cost one integer per value; nodes are made on demand.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gslb.errors import Where


@dataclass(slots=True)
class Document:
    """One YAML file: its value, and where each part of it stands.

    `places` holds, per container (by identity), its parts' places in order: for a list one per item, for a mapping two per key (the key's,
    the value's). A place is `line << 32 | column`, counted from 0. `texts`: the source text of scalars that became numbers and the like.
    """

    file: str
    value: Any = None
    place: int = 0
    places: dict[int, list[int]] = field(default_factory=dict)
    texts: dict[tuple[int, Hashable], str] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)  # merged away; alive so that no other container takes their identity

    @property
    def root(self) -> Node:
        """The whole file as a node."""
        return Node(self, self.value, self.place, self.place)

    def where(self, place: int) -> Where:
        """Write a packed place as file, line and column."""
        return Where(self.file, (place >> 32) + 1, (place & 0xFFFFFFFF) + 1)


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document together with its place; made on demand, so that a large file costs nothing extra."""

    document: Document
    value: Any
    place: int
    key_place: int
    source: str | None = None

    @property
    def where(self) -> Where:
        """Where the value stands."""
        return self.document.where(self.place)

    @property
    def key_where(self) -> Where:
        """Where the value's key stands (the value itself, for items of lists)."""
        return self.document.where(self.key_place)

    @property
    def text(self) -> str:
        """The scalar as the operator wrote it: `1.10` stays `1.10`."""
        return self.value if isinstance(self.value, str) else self.source if self.source is not None else str(self.value)

    def child(self, key: Any) -> Node:
        """Return one part by key or index; it must be there."""
        places = self.document.places[id(self.value)]
        source = self.document.texts.get((id(self.value), key))
        if isinstance(self.value, dict):
            at = 2 * list(self.value).index(key)  # for short mappings; long ones are walked with items()
            return Node(self.document, self.value[key], places[at + 1], places[at], source)
        return Node(self.document, self.value[key], places[key], places[key], source)

    def get(self, key: str) -> Node | None:
        """Return one part of a mapping, or None."""
        return self.child(key) if isinstance(self.value, dict) and key in self.value else None

    def items(self) -> Iterator[tuple[Any, Node]]:
        """Walk the parts of a mapping or a list in the order written."""
        places = self.document.places[id(self.value)]
        texts = self.document.texts
        if isinstance(self.value, dict):
            for at, (key, value) in enumerate(self.value.items()):
                yield key, Node(self.document, value, places[2 * at + 1], places[2 * at], texts.get((id(self.value), key)))
        else:
            for at, value in enumerate(self.value):
                yield at, Node(self.document, value, places[at], places[at], texts.get((id(self.value), at)))

    def values(self) -> Iterator[Node]:
        """Walk the parts of a mapping or a list."""
        return (child for _, child in self.items())

    def at(self, path: Sequence[Hashable]) -> tuple[Node, int]:
        """Follow a path as far as the data goes; also says how many steps were possible."""
        node = self
        for steps, key in enumerate(path):
            found = (
                key in node.value
                if isinstance(node.value, dict)
                else (isinstance(node.value, list) and isinstance(key, int) and 0 <= key < len(node.value))
            )
            if not found:
                return node, steps
            node = node.child(key)
        return node, len(path)
