"""Where the mistakes of one zone go: the load's `Problems`, but never more than an operator could read."""

from __future__ import annotations

from typing import Final

from gslb.errors import Problems, Where

MAX_MISTAKES: Final = 1_000  # a file of another kind would give one per line
MAX_MESSAGE: Final = 400  # characters; a word of a binary file can be as long as the file


class Complaints:
    """Counts and passes on. `full`: reading on makes no sense."""

    def __init__(self, problems: Problems) -> None:
        self.errors = 0
        self._warnings = 0
        self._problems = problems

    @property
    def full(self) -> bool:
        """Whether so many mistakes were found that reading stops."""
        return self.errors > MAX_MISTAKES

    def error(self, code: str, message: str, where: Where, hint: str = "") -> None:
        """Note a mistake; at the limit say that the rest is left out."""
        self.errors += 1
        if self.errors <= MAX_MISTAKES:
            self._problems.error(code, _short(message), where, hint)
        elif self.errors == MAX_MISTAKES + 1:
            self._problems.error("M028", f"more than {MAX_MISTAKES} mistakes; the rest of the zone is not read", where, "is this a zone file?")

    def warn(self, code: str, message: str, where: Where, hint: str = "") -> None:
        """Note something that loads."""
        self._warnings += 1
        if self._warnings <= MAX_MISTAKES:
            self._problems.warn(code, message, where, hint)


def _short(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"
