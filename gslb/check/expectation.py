"""What an HTTP answer must look like: the `expect:` mapping of `http` and `https` checks.

Pure. `read` judges the operator's mapping (all mistakes at once), `unmet` judges an answer. Nothing here
trusts the answer: the body is already cut to a bound, JSON may be anything or nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gslb.option import Complaint

Status = tuple[int, int]  # both ends included

DEFAULT_STATUS: Final[tuple[Status, ...]] = ((200, 299),)  # a redirect is no proof that the site works
_KEYS: Final = ("status", "json", "body")
_RANGE: Final = re.compile(r"\s*([1-5]\d\d)\s*(?:-\s*([1-5]\d\d)\s*)?|\s*([1-5])xx\s*")
_SHOWN: Final = 60  # characters of a value that a reason shows


@dataclass(frozen=True, slots=True)
class Expectation:
    """Accepted status ranges, JSON values by dotted path, and text that the body must contain."""

    status: tuple[Status, ...] = DEFAULT_STATUS
    json: tuple[tuple[str, Any], ...] = ()
    body: str = ""

    def unmet(self, status: int, body: bytes, cut: bool) -> str | None:  # noqa: FBT001 - whether the body is whole is data
        """Say why the answer does not do, None if it does. `cut`: the body was longer than what was read."""
        if not any(low <= status <= high for low, high in self.status):
            return f"status {status}"
        if self.body and self.body.encode() not in body:
            return f"status {status}, body lacks {_short(self.body)}"
        if not self.json:
            return None
        if cut:
            return f"status {status}, body longer than {len(body) // 1024} KiB: not read as JSON"
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            return f"status {status}, body is not JSON"
        for path, wanted in self.json:
            found, value = _follow(data, path)
            if not found:
                return f"status {status}, no {path} in the body"
            if not _same(value, wanted):
                return f"status {status}, {path} is {_short(value)}, not {_short(wanted)}"
        return None


def read(expect: Mapping[str, Any]) -> Expectation:
    """Make an Expectation from a mapping that `problems` has nothing against."""
    return Expectation(
        tuple(_ranges(expect["status"])) if "status" in expect else DEFAULT_STATUS,
        tuple((str(path), value) for path, value in expect.get("json", {}).items()),
        expect.get("body", ""),
    )


def problems(expect: Any) -> Iterator[Complaint]:
    """Judge the operator's `expect:`; paths are inside the check's options."""
    if not isinstance(expect, Mapping):
        yield Complaint("H004", ("expect",), "expect is a mapping", "such as `expect: {status: 200}`")
        return
    for key in expect:
        if key not in _KEYS:
            yield Complaint("H004", ("expect", key), f"unknown expectation {key!r}", f"one of {', '.join(_KEYS)}")
    if "status" in expect:
        try:
            list(_ranges(expect["status"]))
        except ValueError as error:
            yield Complaint("H005", ("expect", "status"), str(error), "such as 200, [200-299, 301] or 2xx")
    if "body" in expect and (not isinstance(expect["body"], str) or not expect["body"]):
        yield Complaint("H004", ("expect", "body"), "body is the text that must occur in the answer")
    yield from _json_problems(expect.get("json", {}))


def _json_problems(wanted: Any) -> Iterator[Complaint]:
    if not isinstance(wanted, Mapping):
        yield Complaint("H006", ("expect", "json"), "json maps dotted paths to values", "such as `json: {status: healthy, db.ok: true}`")
        return
    for path, value in wanted.items():
        if not str(path).strip("."):
            yield Complaint("H006", ("expect", "json", path), "empty path in json")
        if value is not None and not isinstance(value, str | int | float | bool):
            yield Complaint("H006", ("expect", "json", path), f"the value of {path} is one word, number or truth value")


def _ranges(value: Any) -> Iterator[Status]:
    """Read 200, "200-299", "2xx", or a list of them. Raises ValueError with a message for the operator."""
    for item in value if isinstance(value, list | tuple) else [value]:
        match = _RANGE.fullmatch(str(item)) if isinstance(item, int | str) and not isinstance(item, bool) else None
        if match is None:
            raise ValueError(f"{item!r} is not an HTTP status or a range of them")
        if match[3]:
            yield int(match[3]) * 100, int(match[3]) * 100 + 99
            continue
        low, high = int(match[1]), int(match[2] or match[1])
        if low > high:
            raise ValueError(f"status range {item!r} runs backwards")
        yield low, high
    if value in ([], ()):
        raise ValueError("no status would do")


def _follow(data: Any, path: str) -> tuple[bool, Any]:
    """Walk a dotted path; digits index lists."""
    for part in path.split("."):
        if isinstance(data, dict) and part in data:
            data = data[part]
        elif isinstance(data, list) and part.isascii() and part.isdigit() and len(part) < 8 and int(part) < len(data):
            data = data[int(part)]
        else:
            return False, None
    return True, data


def _same(value: Any, wanted: Any) -> bool:
    """Compare as JSON does: true is not 1, and 1 is 1.0."""
    return isinstance(value, bool) is isinstance(wanted, bool) and bool(value == wanted)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
