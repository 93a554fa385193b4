"""What a nameserver says of itself, as octets in the store: JSON, unsigned, for show only. Pure; bounded and typed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final

from gslb.store import unsigned
from gslb.store.batch import ODD
from gslb.store.envelope import RefusedError
from gslb.store.state import NodeReport

LARGEST: Final = 8192  # octets
EXTRA: Final = 3072  # octets of what is said beside
_TEXT: Final = 256  # characters of any text
_SOCKETS: Final = 32  # addresses of one node that are shown


def write(report: NodeReport) -> bytes:
    """Write it; of many addresses only the first ones, and beside only what there is room for."""
    given = {one.name: getattr(report, one.name) for one in fields(report)}
    return _json(given | {"listening": [text[:_TEXT] for text in report.listening[:_SOCKETS]], "extra": _fitting(report.extra)})


def read(node: str, record: bytes) -> NodeReport:
    """Read what `write` wrote, where it stands under this name. Raises RefusedError."""
    if len(record) > LARGEST:
        raise RefusedError("size", f"a report of {len(record)} octets, at most {LARGEST}")
    try:
        given = unsigned.loads(record)
        report = NodeReport(
            _text(given["node"]),
            _moment(given["at"]),
            _text(given["version"]),
            _text(given["digest"]),
            _text(given["files"]),
            _count(given["generation"]),
            _count(given["probers"]),
            tuple(_text(one) for one in given["listening"][:_SOCKETS]),
            _extra(given.get("extra", {})),  # earlier versions say nothing there
        )
        if report.node != node:
            raise ValueError("another node's report")
    except (*ODD, RecursionError) as error:
        raise RefusedError("content", f"no report of a node: {error}") from None
    return report


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _fitting(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Take what fits, in its order: what is large stands last."""
    kept: dict[str, Any] = {}
    room = EXTRA - 2
    for key, value in extra.items():
        if (size := len(_json({key: value}))) <= room:
            kept[key] = value
            room -= size
    return kept


def _extra(value: Any) -> Mapping[str, Any]:
    if type(value) is not dict or len(_json(value)) > EXTRA:
        raise ValueError("no such extra")
    unsigned.bound(value, EXTRA // 4)
    return MappingProxyType(value)


def _text(value: Any) -> str:
    if type(value) is not str or len(value) > _TEXT:
        raise ValueError("not a short text")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 63:
        raise ValueError("not a count")
    return value


def _moment(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("not a time")
    return float(value)
