r"""YAML with places: plain values, and the line and column every one of them came from.

PyYAML's C parser does the scanning; the meaning is ours, because PyYAML speaks YAML 1.1 and reads the country `NO` as
false, `1:30` as 90 and the last of two equal keys as the truth. Here the YAML 1.2 core schema holds, except that `0123`
stays text. Keys are always text. Merge keys (`<<: *base`) work as in YAML 1.1, because octoDNS users write them; a key
written out wins over a merged one. Tags and several documents in one file are refused.

Called by the files of this floor that read YAML; it never raises for bad content: every mistake is a Problem. An alias
shares its value, and the number of values aliases would expand to is bounded, so a bomb costs nothing.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from gslb.config.document import Document
from gslb.config.yaml_syntax import explain, place_of
from gslb.errors import Problems

MAX_DEPTH: Final = 50  # octoDNS needs 7, a deep JSON expectation perhaps 15; what recurses over values must never run out of stack
MAX_VALUE: Final = 8 << 20  # characters between two values: a text, or comments; a record's longest text has 64 KiB
FREE_EXPANSION: Final = 100_000  # values that aliases may stand for in any file; beyond it, ten times the file's own values, but never more than
MAX_EXPANSION: Final = 2_000_000

_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,30})|0o[0-7]{1,30}|0x[0-9a-fA-F]{1,30}")
_FLOAT: Final = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_WORDS: Final[dict[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER_START: Final = frozenset("0123456789+-.")
MAX_MISTAKES: Final = 100  # in one file's YAML; what comes after so many is noise


def load(file: str, text: str, problems: Problems) -> Document | None:
    """Read one YAML document; None when mistakes made it useless (each is among `problems`)."""
    reader = _Reader(Document(file), problems)
    try:
        feed = _Feed(text, reader)
        parser = yaml.CSafeLoader(feed)
        try:
            reader.read(parser)
        finally:
            parser.dispose()
    except yaml.YAMLError as error:
        explain(error, file, text, problems)
        return None
    except UnicodeEncodeError as error:
        problems.error("Y001", "the text holds half of a surrogate pair", place_of(file, text, feed.at + error.start))
        return None
    return None if reader.mistakes else reader.document


def scalar(text: str) -> Any:
    """Give a plain (unquoted) scalar its YAML 1.2 core meaning."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMBER_START:
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
        if _FLOAT.fullmatch(text):
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


class _Stop(Exception):  # noqa: N818  # not an error: the way out of the reading loop once going on makes no sense
    """The rest of the file cannot be read sensibly."""


@dataclass(slots=True)
class _Frame:
    """A container that is being filled. `discard`: it stands where a key should, and is only read to get past it."""

    value: Any
    places: list[int]
    place: int
    anchor: str | None
    wants_key: bool
    discard: bool
    size: int = 1
    key: str = ""
    key_place: int = 0
    merging: bool = False  # the key that waits for its value is `<<`
    merges: list[tuple[Any, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Anchor:
    """What an alias stands for; `size`: how many values that is, aliases inside it expanded."""

    value: Any
    size: int
    source: str | None = None


class _Feed:
    """Gives the parser the text in pieces; stops it where it goes on for too long without a value, and would hold all of that at once."""

    def __init__(self, text: str, reader: _Reader) -> None:
        self.at = 0
        self._text = text
        self._reader = reader
        self._count = self._since = 0

    def read(self, size: int = -1, /) -> bytes:
        """Return the next piece; PyYAML calls it when it needs more."""
        if self._reader.count != self._count:
            self._count, self._since = self._reader.count, self.at
        elif self.at - self._since > MAX_VALUE:
            hint = "close the quote, or remove what is commented out"
            self._reader.error("Y010", f"more than {MAX_VALUE >> 20} MiB follow without a value", self._reader.place(), hint)
            raise _Stop
        piece = self._text[self.at : self.at + size].encode()
        self.at += size
        return piece


class _Reader:
    """Builds the document from the parser's events, with a stack of its own: depth cannot exhaust Python's."""

    def __init__(self, document: Document, problems: Problems) -> None:
        self.document = document
        self.problems = problems
        self.mistakes = 0
        self.stack: list[_Frame] = []
        self.anchors: dict[str, _Anchor | None] = {}  # None while the anchored container is still open
        self.count = 0
        self.expanded = 0
        self.documents = 0

    def read(self, parser: Any) -> None:
        """Take events until the stream ends."""
        handlers = {
            yaml.ScalarEvent: self.on_scalar,
            yaml.MappingStartEvent: self.on_mapping,
            yaml.SequenceStartEvent: self.on_list,
            yaml.MappingEndEvent: self.on_end,
            yaml.SequenceEndEvent: self.on_end,
            yaml.AliasEvent: self.on_alias,
            yaml.DocumentStartEvent: self.on_document,
        }
        with suppress(_Stop):
            while (event := parser.get_event()) is not None:
                handler = handlers.get(type(event))
                if handler is not None:
                    mark = event.start_mark
                    handler(event, mark.line << 32 | mark.column)

    def place(self) -> int:
        """Return where the last key or item stands."""
        frame = self.stack[-1] if self.stack else None
        return max(frame.place, frame.key_place, *frame.places[-1:]) if frame else 0

    def error(self, code: str, message: str, place: int, hint: str = "") -> None:
        """Note a mistake; reading goes on, but the document will not be used."""
        self.problems.error(code, message, self.document.where(place), hint)
        self.mistakes += 1
        if self.mistakes >= MAX_MISTAKES:
            raise _Stop

    def on_document(self, _event: Any, place: int) -> None:
        """Allow one document per file."""
        self.documents += 1
        if self.documents > 1:
            self.error("Y006", "a second YAML document begins here", place, "put it into a file of its own, or remove the line ---")
            raise _Stop

    def on_scalar(self, event: Any, place: int) -> None:
        """Take a key, or a value."""
        text = event.value
        plain = event.implicit[0] and event.tag is None
        if event.tag is not None:
            self.refuse_tag(event.tag, place)
        if self.stack and self.stack[-1].wants_key:
            if event.anchor:
                self.anchors[event.anchor] = _Anchor(text, 1)
            self.take_key(self.stack[-1], text, place, plain=plain)
            return
        value = scalar(text) if plain else text
        source = text if type(value) is not str and str(value) != text else None
        if event.anchor:
            self.anchors[event.anchor] = _Anchor(value, 1, source)
        self.put(value, place, 1, source)

    def take_key(self, frame: _Frame, text: str, place: int, *, plain: bool) -> None:
        """Keep a key until its value comes."""
        frame.wants_key = False
        frame.key = text
        frame.key_place = place
        frame.merging = plain and text == "<<"
        if plain and not text:
            self.error("Y008", "a value without a key", place, "write '' where you mean the name of the zone itself")
        elif frame.merging and frame.merges:
            self.error("Y002", "a second merge key in this mapping", place, "merge several with one list: <<: [*a, *b]")
        elif text in frame.value and not frame.merging:
            first = self.document.where(frame.places[2 * list(frame.value).index(text)])
            self.error("Y002", f"key {text!r} stands in this mapping twice", place, f"the first one is in line {first.line}")

    def on_mapping(self, event: Any, place: int) -> None:
        """Begin a mapping."""
        self.open({}, event, place)

    def on_list(self, event: Any, place: int) -> None:
        """Begin a list."""
        self.open([], event, place)

    def open(self, value: Any, event: Any, place: int) -> None:
        """Push a container."""
        if event.tag is not None:
            self.refuse_tag(event.tag, place)
        if len(self.stack) >= MAX_DEPTH:
            self.error("Y005", f"more than {MAX_DEPTH} levels of nesting", place)
            raise _Stop
        if event.anchor:
            self.anchors[event.anchor] = None
        as_key = bool(self.stack) and self.stack[-1].wants_key
        if as_key:
            self.error("Y008", "a list or a mapping where a key should stand", place, "keys are text: quote one that begins with [ or {")
        places: list[int] = []
        self.document.places[id(value)] = places
        self.stack.append(_Frame(value, places, place, event.anchor, wants_key=type(value) is dict, discard=as_key))

    def on_end(self, _event: Any, _place: int) -> None:
        """Pop a container, and put it where it belongs."""
        frame = self.stack.pop()
        for merged, place in frame.merges:
            self.merge(frame, merged, place)
        if frame.anchor:
            self.anchors[frame.anchor] = _Anchor(frame.value, frame.size)
        if frame.discard:
            self.stack[-1].wants_key = False
            self.stack[-1].key = ""
        else:
            self.put(frame.value, frame.place, frame.size)

    def on_alias(self, event: Any, place: int) -> None:
        """Put what the alias stands for; it counts as if it were written out."""
        anchor = self.anchors.get(event.anchor)
        if anchor is None:
            inside = event.anchor in self.anchors
            self.error("Y007", f"alias *{event.anchor} " + ("stands inside its own anchor" if inside else "has no anchor before it"), place)
            anchor = _Anchor("", 1)
        self.expanded += anchor.size
        if self.expanded > min(FREE_EXPANSION + 10 * self.count, MAX_EXPANSION):
            self.error("Y004", "the aliases of this file stand for too many values", place, "write the data out, or use fewer aliases")
            raise _Stop
        if not (self.stack and self.stack[-1].wants_key):
            self.put(anchor.value, place, anchor.size, anchor.source)
        elif isinstance(anchor.value, str):
            self.take_key(self.stack[-1], anchor.value, place, plain=False)
        else:
            self.error("Y008", f"alias *{event.anchor} is not text, so it cannot be a key", place)
            self.stack[-1].wants_key = False

    def put(self, value: Any, place: int, size: int, source: str | None = None) -> None:
        """Place a finished value into the container that is open."""
        self.count += 1
        if not self.stack:
            self.document.value, self.document.place = value, place
            return
        frame = self.stack[-1]
        frame.size += size
        if type(frame.value) is list:
            if source is not None:
                self.document.texts[id(frame.value), len(frame.value)] = source
            frame.value.append(value)
            frame.places.append(place)
            return
        frame.wants_key = True
        if frame.merging:
            frame.merges.append((value, place))
        elif frame.key not in frame.value:
            if source is not None:
                self.document.texts[id(frame.value), frame.key] = source
            frame.value[frame.key] = value
            frame.places.append(frame.key_place)
            frame.places.append(place)

    def merge(self, frame: _Frame, merged: Any, place: int) -> None:
        """Add what `<<` leads to; keys that are there already win, and of several mappings the first."""
        self.document.kept.append(merged)
        for source in merged if isinstance(merged, list) else [merged]:
            if not isinstance(source, dict):
                self.error("Y009", "<< must lead to a mapping, or to a list of mappings", place, "<<: *base, where base is the anchor of a mapping")
                continue
            places = self.document.places[id(source)]
            for at, (key, value) in enumerate(source.items()):
                if key not in frame.value:
                    frame.value[key] = value
                    frame.places += places[2 * at : 2 * at + 2]
                    text = self.document.texts.get((id(source), key))
                    if text is not None:
                        self.document.texts[id(frame.value), key] = text

    def refuse_tag(self, tag: str, place: int) -> None:
        """Refuse all tags, even harmless ones, so that nobody has to know which those are."""
        short = tag.replace("tag:yaml.org,2002:", "!!")
        self.error("Y003", f"YAML tag {short} is not allowed", place, "remove it; quote the value if it must be text")
