"""What an HTTP answer must look like: the `expect:` mapping of `http` and `https` checks.

`read` takes the operator's mapping, `problems` judges it (all mistakes at once), `unmet` judges an answer. Nothing here
trusts the answer: the body is already cut to a bound, JSON may be anything or nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gslb.check import limits, text
from gslb.check.answer import Answer
from gslb.check.attempt import Progress
from gslb.check.grade import FULL
from gslb.check.limits import Limits
from gslb.check.text import Text, short
from gslb.option import Complaint

Status = tuple[int, int]  # both ends included

DEFAULT_STATUS: Final[tuple[Status, ...]] = ((200, 299),)  # a redirect is no proof that the site works
_KEYS: Final = ("status", "headers", "json", "body")
_RANGE: Final = re.compile(r"\s*([1-5]\d\d)\s*(?:-\s*([1-5]\d\d)\s*)?|\s*([1-5])xx\s*")
_HUGE: Final = 1e300  # JSON has integers beyond every float; they are no measured values


@dataclass(frozen=True, slots=True)
class Expectation:
    """Accepted status ranges, header fields, JSON values or limits by dotted path, and text that the body must contain."""

    status: tuple[Status, ...] = DEFAULT_STATUS
    headers: tuple[tuple[str, str | Text], ...] = ()
    json: tuple[tuple[str, Any], ...] = ()
    body: Text | None = None

    async def unmet(self, answer: Answer, progress: Progress) -> str | None:
        """Say why the answer does not do, None if it does; what lowers its grade is told to `progress`. Every assertion is judged and recorded."""
        good = any(low <= answer.status <= high for low, high in self.status)
        progress.judged("status", good, answer.status)
        found = [] if good else [""]
        for name, wanted in self.headers:
            found += await _field_unmet(answer.field(name.lower()), name, wanted, progress)
        if self.body:
            good = await self.body.occurs(answer.body)
            progress.judged(f"body holds {self.body}", good, "yes" if good else "no")
            found += [] if good else [f"body lacks {self.body}"]
        if self.json:
            found += self._json_unmet(answer, progress)
        return ", ".join(filter(None, [f"status {answer.status}", found[0]])) if found else None

    def _json_unmet(self, answer: Answer, progress: Progress) -> Iterator[str]:
        if answer.cut:
            yield f"body longer than {len(answer.body) // 1024} KiB: not read as JSON"
            return
        try:
            data = json.loads(answer.body)
        except (ValueError, RecursionError):
            yield "body is not JSON"
            return
        for path, wanted in self.json:
            found, value = _follow(data, path)
            unmet = _value_unmet(path, value, wanted, progress) if found else f"no {path} in the body"
            progress.judged(path, unmet is None, short(value) if found else "not there")
            if unmet:
                yield unmet


def read(expect: Mapping[str, Any]) -> Expectation:
    """Make an Expectation from a mapping that `problems` has nothing against."""
    return Expectation(
        tuple(_ranges(expect["status"])) if "status" in expect else DEFAULT_STATUS,
        tuple((str(name), Text(one) if isinstance(one, Mapping) else str(one)) for name, one in expect.get("headers", {}).items()),
        tuple((str(path), Limits(**one) if isinstance(one, Mapping) else one) for path, one in expect.get("json", {}).items()),
        Text(expect["body"]) if "body" in expect else None,
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
    yield from _header_problems(expect.get("headers", {}))
    if "body" in expect:
        yield from text.problems(expect["body"], ("expect", "body"), "body")
    yield from _json_problems(expect.get("json", {}))


def _header_problems(wanted: Any) -> Iterator[Complaint]:
    if not isinstance(wanted, Mapping):
        yield Complaint("H004", ("expect", "headers"), "headers maps names to values", "such as `headers: {X-Ready: yes}`")
        return
    for name, value in wanted.items():
        if isinstance(value, Mapping):
            yield from text.problems(value, ("expect", "headers", name), f"header {name}")
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            yield Complaint("H004", ("expect", "headers", name), f"the value of header {name} is a text or a pattern", "quote it")


def _json_problems(wanted: Any) -> Iterator[Complaint]:
    if not isinstance(wanted, Mapping):
        yield Complaint("H006", ("expect", "json"), "json maps dotted paths to values", "such as `json: {status: healthy, db.ok: true}`")
        return
    for path, value in wanted.items():
        if not str(path).strip("."):
            yield Complaint("H006", ("expect", "json", path), "empty path in json")
        if isinstance(value, Mapping):
            yield from limits.problems(value, ("expect", "json", path))
        elif value is not None and not isinstance(value, str | int | float | bool):
            yield Complaint("H006", ("expect", "json", path), f"the value of {path} is one word, number or truth value, or limits")


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


async def _field_unmet(values: list[str], name: str, wanted: str | Text, progress: Progress) -> list[str]:
    """Judge one header field; one of its values must do."""
    good = False
    for value in values:
        good = good or (value == wanted if isinstance(wanted, str) else await wanted.occurs(value.encode()))
    shown = ", ".join(map(short, values)) or "not there"
    progress.judged(f"header {name}", good, shown)
    return [] if good else [f"header {name} is {shown}, not {short(wanted) if isinstance(wanted, str) else wanted}"]


def _value_unmet(path: str, value: Any, wanted: Any, progress: Progress) -> str | None:
    """Judge one JSON value."""
    if not isinstance(wanted, Limits):
        return None if _same(value, wanted) else f"{path} is {short(value)}, not {short(wanted)}"
    grade = wanted.grade(value) if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _HUGE else 0
    if grade == 0:
        return f"{path} is {short(value)}, not {wanted}"
    if grade < FULL:
        progress.degrade(grade, f"{path} is {short(value)}")
    return None


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
