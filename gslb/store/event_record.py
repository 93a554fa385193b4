"""Events and entries of the audit as JSON: in the store, in the journal's file, over the local socket and in the API. Pure; bounded and typed.

Unsigned, for show only: nobody decides by them. Whoever may write into the store may write them, so nothing in what is read costs more than an event
may, ends what shows it, or does anything to a terminal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gslb.event import KINDS, LEVELS, Audit, Event
from gslb.override import Hold, Kind, Override, Word
from gslb.store import unsigned
from gslb.store.batch import ODD
from gslb.store.book import read_word
from gslb.store.envelope import RefusedError

LARGEST: Final = 4096  # octets of one event
_TEXT: Final = 1024  # characters of `what`
_WORD: Final = 256  # characters of any other text
_AUDIT: Final = 64 << 10  # octets of one entry of the audit that are read: an override of some hundred members
VALUES: Final = 250  # values in the evidence of one event, of which thousands are kept
LAST: Final = 1 << 33  # seconds since 1970: in 2242 clocks of all kinds, shown and sent on, still have room


def as_data(event: Event) -> dict[str, Any]:
    """Write it as plain data."""
    return {
        "id": event.id,
        "at": event.at,
        "kind": event.kind,
        "subject": event.subject,
        "level": event.level,
        "what": event.what,
        "by": event.by,
        "node": event.node,
        "key": event.key,
        "evidence": dict(event.evidence),
    }


def write(event: Event) -> bytes:
    """Write it for the store; evidence that does not fit is left out, and that is said."""
    short = replace(event, what=event.what[:_TEXT], subject=event.subject[:_WORD], by=event.by[:_WORD], key=event.key[:_WORD])
    record = _json(as_data(short))
    if len(record) > LARGEST:
        record = _json(as_data(replace(short, evidence={"left_out": len(record)})))
    return record if len(record) <= LARGEST else _json(as_data(replace(short, what=short.what[: _TEXT // 8], evidence={})))


def read(record: bytes, name: str = "") -> Event:
    """Read what `write` wrote; `name`: the id it has here. Raises RefusedError."""
    if len(record) > LARGEST:
        raise RefusedError("size", f"an event of {len(record)} octets, at most {LARGEST}")
    try:
        given = unsigned.loads(record)
        unsigned.bound(given["evidence"], VALUES)
        return of_data(given, name)
    except (*ODD, RecursionError) as error:
        raise RefusedError("content", f"no event: {error}") from None


def of_data(given: Any, name: str = "") -> Event:
    """Read plain data. Raises ValueError, TypeError or LookupError."""
    kind, level, evidence = given["kind"], given["level"], given["evidence"]
    if level not in LEVELS or not isinstance(evidence, dict):
        raise ValueError("no such level, or odd evidence")
    if kind not in KINDS and not (isinstance(kind, str) and kind.isidentifier() and len(kind) <= 32):
        raise ValueError("no such kind")  # a later version may have kinds of its own
    return Event(
        kind,
        _text(given["subject"]),
        _text(given["what"], _TEXT),
        _moment(given["at"]),
        level=level,
        by=_text(given["by"]),
        node=_text(given["node"]),
        evidence=evidence,
        key=_text(given["key"]),
        id=name or _text(given["id"]),
    )


def audit(record: bytes, name: str) -> Audit:
    """Read an entry of the audit: words of operators, or a line of whoever else did something. Raises RefusedError."""
    if len(record) > _AUDIT:
        raise RefusedError("size", f"an entry of {len(record)} octets, at most {_AUDIT}")
    try:
        given = unsigned.loads(record)
        if "words" in given:
            words = [read_word(row) for row in given["words"]]
            authors = {word.author for word in words if word.author}
            who = ", ".join(sorted(authors)) or _text(given["by"])
            what = "; ".join(map(told, words)) or "nothing"
        else:
            who, what = _text(given["by"]), _text(given["what"], _TEXT)
        return Audit(name, _moment(given["time"]), who, what, int(given.get("version", 0)), given)
    except (*ODD, RecursionError) as error:
        raise RefusedError("content", f"no entry of an audit: {error}") from None


def audit_as_data(entry: Audit) -> dict[str, Any]:
    """Write it as plain data."""
    details = dict(entry.details)
    return {"id": entry.id, "at": entry.at, "by": entry.by, "what": entry.what, "version": entry.version, "details": details}


def told(word: Word) -> str:
    """Say a word of an operator in a line: `site fra drain: new switches`."""
    reason = f": {word.reason}" if word.reason else ""
    if isinstance(word, Override):
        weight = f" {word.weight}" if word.kind is Kind.WEIGHT else ""
        return f"{word.level.value} {word.subject} {word.kind.value}{weight}{reason}"
    return f"{'hold of all verdicts' if isinstance(word, Hold) else f'taken back: {word.key}'}{reason}"


def _json(given: Mapping[str, Any]) -> bytes:
    return json.dumps(given, separators=(",", ":"), ensure_ascii=False, default=str).encode("utf-8", "replace")


def _text(value: Any, most: int = _WORD) -> str:
    if type(value) is not str or len(value) > most:
        raise ValueError("not a short text")
    return value if value.isprintable() else "".join(one if one.isprintable() else " " for one in value)


def _moment(value: Any) -> float:
    if type(value) not in (int, float) or not -LAST < value < LAST:
        raise ValueError("not a time")
    return float(value)
