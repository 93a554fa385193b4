"""Text that must occur in what a target says: as it stands, or as `{regex: …}`.

Used by the check types that read answers. Octets are read as UTF-8; what is none stands for one odd character and breaks nothing.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gslb.check.pattern import Pattern, PatternError
from gslb.option import Complaint

LIMIT: Final = 4096  # octets of a text
_SHOWN: Final = 60  # characters of a value that a reason shows


class Text:
    """What must occur."""

    def __init__(self, value: str | int | Mapping[str, Any]) -> None:
        """Take a value that `problems` has nothing against."""
        value = str(value) if isinstance(value, int) else value  # `expect: 220` means those three characters
        self.pattern = None if isinstance(value, str) else Pattern(str(value["regex"]))
        self._octets = value.encode() if isinstance(value, str) else b""
        self._shown = short(value) if isinstance(value, str) else short(f"/{value['regex']}/")

    def __str__(self) -> str:
        """As a reason shows it."""
        return self._shown

    async def occurs(self, octets: bytes) -> bool:
        """Search all of it."""
        if self.pattern is None:
            return self._octets in octets
        return await self.pattern.occurs(octets.decode("utf-8", "replace"))

    def search(self) -> Search:
        """Begin a search in what comes piece by piece."""
        return Search(self._octets, self.pattern)


class Search:
    """One search; `feed` until it is True or nothing more comes, then `end`."""

    def __init__(self, octets: bytes, pattern: Pattern | None) -> None:
        self._octets = octets
        self._heard = bytearray()
        self._scan = pattern.scan() if pattern else None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, octets: bytes) -> bool:
        """Go on; whether it has occurred."""
        if self._scan:
            return self._scan.feed(self._decoder.decode(octets))
        begun = max(0, len(self._heard) - len(self._octets))
        self._heard += octets
        return self._heard.find(self._octets, begun) >= 0

    def end(self) -> bool:
        """Whether it occurs, now that this was all."""
        return self._scan is not None and (self._scan.feed(self._decoder.decode(b"", final=True)) or self._scan.end())


def problems(value: Any, path: tuple[str | int, ...], what: str) -> Iterator[Complaint]:
    """Judge a text that the operator wants to occur."""
    if type(value) is int:
        return
    if isinstance(value, str):
        if not value:
            yield Complaint("H004", path, f"{what} is the text that must occur", "leave it out if anything will do")
        elif len(value.encode("utf-8", "replace")) > LIMIT:
            yield Complaint("H009", path, f"{what} takes {len(value.encode('utf-8', 'replace'))} octets: at most {LIMIT}")
        return
    if not isinstance(value, Mapping) or list(value) != ["regex"] or not isinstance(value["regex"], str) or not value["regex"]:
        yield Complaint("H004", path, f"{what} is a text or a pattern", 'such as "ready" or {regex: "lag: [0-9]{1,3}"}; quote numbers with a point')
        return
    try:
        Pattern(value["regex"])
    except PatternError as error:
        yield Complaint("H010", (*path, "regex"), f"the pattern of {what} cannot be used: {error}", "Python's syntax, without looking around")


def short(value: Any) -> str:
    """Show a value in a reason."""
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
