"""Arguments of a statement, taken from left to right. Called by everything that gives a statement its meaning."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from gslb.testing.scenario.script import ScenarioError, Statement

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

MOST_DRAWS: Final = 100_000  # more prove nothing more and take seconds


class Words:
    """What is left of a statement's arguments. Everything that does not fit is a ScenarioError with the statement's place."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self._left = list(statement.arguments)

    def __bool__(self) -> bool:
        return bool(self._left)

    def fail(self, message: str) -> ScenarioError:
        """Make the error that says what is wrong here."""
        return self.statement.fail(message)

    def take(self, what: str) -> str:
        """Take the next word; `what` says what should stand there."""
        if not self._left:
            raise self.fail(f"{self.statement.word}: {what} is missing")
        return self._left.pop(0)

    def skip(self, word: str) -> bool:
        """Take the next word if it is this one."""
        if self._left[:1] != [word]:
            return False
        del self._left[0]
        return True

    def before(self, stop: Collection[str]) -> list[str]:
        """Take words until one of `stop`, which stays."""
        taken = []
        while self._left and self._left[0] not in stop:
            taken.append(self._left.pop(0))
        return taken

    def listed(self, stop: Collection[str] = ()) -> list[list[str]]:
        """Take items that commas separate, each a list of words."""
        items: list[list[str]] = [[]]
        for word in self.before(stop):
            if word == ",":
                items.append([])
            else:
                items[-1].append(word)
        if not all(items):
            raise self.fail(f"{self.statement.word}: something is missing beside a comma")
        return items

    def integer(self, what: str, least: int = 0, most: int = 2**64 - 1) -> int:
        """Take a whole number within bounds."""
        word = self.take(what)
        if not (word.isascii() and word.isdigit()) or not least <= int(word) <= most:
            raise self.fail(f"{word!r} is no {what} from {least} to {most}")
        return int(word)

    def address(self, what: str) -> IPv4Address | IPv6Address:
        """Take an IP address."""
        word = self.take(what)
        try:
            return ip_address(word)
        except ValueError:
            raise self.fail(f"{word!r} is no address") from None

    def duration(self, what: str) -> float:
        """Take a duration: `12s`, `500ms`, `2m`, `1h`, `3d`."""
        return duration(self.take(what), self.statement)

    def rest(self) -> str:
        """Take everything that is left, as text."""
        left, self._left = self._left, []
        return " ".join(left).replace(" ,", ",")

    def end(self) -> None:
        """Refuse what is left."""
        if self._left:
            raise self.fail(f"{self.statement.word} does not take {' '.join(self._left)!r} here")


def duration(word: str, statement: Statement) -> float:
    """Read a duration, in seconds."""
    number = word.rstrip("msdh")
    unit = _UNITS.get(word[len(number) :])
    if unit is None or not number.replace(".", "", 1).isdigit():
        raise statement.fail(f"{word!r} is no time: write 12s, 500ms, 2m, 1h or 3d")
    return float(number) * unit
