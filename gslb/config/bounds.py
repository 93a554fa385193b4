"""How large operators' files may be, judged on their octets before anything is parsed: no file can hold up a load.

Called for every file that is read, included ones too. A zone of a million names fits; what does not is a mistake: a dump, a log, an image.
"""

from __future__ import annotations

from typing import Final, NamedTuple

MAX_OCTETS: Final = 128 << 20  # a zone of a million names takes some 60 MB
MAX_LINE: Final = 1 << 20  # octets; the longest record is 64 KiB, four times that with every octet written \DDD
MAX_LINES: Final = 8_000_000  # a million names in YAML's long form, seven lines each


class Excess(NamedTuple):
    """A bound that a file exceeds; `line` counts from 1, 0 = the whole file."""

    code: str
    message: str
    hint: str
    line: int = 0


def excess(data: bytes) -> Excess | None:
    """Say which bound a file's octets exceed, if any. Takes a step per MAX_LINE octets."""
    if len(data) > MAX_OCTETS:
        return Excess("F004", f"larger than {MAX_OCTETS >> 20} MiB", "split it: all files share one namespace")
    if data.count(b"\n") > MAX_LINES:
        return Excess("F004", f"more than {MAX_LINES} lines", "split it: all files share one namespace")
    start = 0  # of some line
    while len(data) - start > MAX_LINE:
        end = data.rfind(b"\n", start, start + MAX_LINE + 1)
        if end < 0:
            line = data.count(b"\n", 0, start) + 1
            return Excess("F007", f"a line of more than {MAX_LINE} octets", "is this the right file? Break the line", line)
        start = end + 1
    return None
