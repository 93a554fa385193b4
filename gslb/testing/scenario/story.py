"""Plays a scenario: gives each statement to the part that knows it, in order, on a World and through an Asker."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gslb.testing.scenario.asker import Asker
from gslb.testing.scenario.happening import Happening
from gslb.testing.scenario.inquiry import Inquiry
from gslb.testing.scenario.overriding import Overriding
from gslb.testing.scenario.script import ScenarioError, Script, Statement
from gslb.testing.scenario.words import Words
from gslb.testing.scenario.world import World
from gslb.testing.scenario.written import Written


def play(script: Script, asker: Asker) -> None:
    """Play a scenario to its end. Raises ScenarioError at the first statement that does not hold."""
    Story(asker).play(script)


class Story:
    """One scenario being played."""

    def __init__(self, asker: Asker) -> None:
        self._world = World()
        self._written = Written(self._world)
        self._happening = Happening(self._world, self._written)
        self.statements: Mapping[str, Callable[[Words], None]] = {
            **self._written.statements,
            **self._happening.statements,
            **Overriding(self._world, self._written).statements,
            **Inquiry(self._world, self._written, asker).statements,
            "at": self._at,
            "wait": self._wait,
        }

    def play(self, script: Script) -> None:
        """Go through the statements."""
        for statement in script.statements:
            self._do(statement)
        if self._written.fresh:
            raise ScenarioError(f"{script.path.name}:1: nothing happens: nothing is loaded, nothing asked")
        self._written.settle()

    def _do(self, statement: Statement) -> None:
        words = Words(statement)
        meaning = self.statements.get(statement.word)
        if meaning is None:
            raise words.fail(f"unknown statement {statement.word!r}: one of {', '.join(sorted(self.statements))}")
        meaning(words)
        words.end()

    def _at(self, words: Words) -> None:
        """`at TIME [STATEMENT]`."""
        self._pass_until(words, words.duration("a time"))

    def _wait(self, words: Words) -> None:
        """`wait TIME [STATEMENT]`."""
        self._pass_until(words, self._world.seconds + words.duration("a time"))

    def _pass_until(self, words: Words, moment: float) -> None:
        self._happening.pass_until(words, moment)
        if words:
            self._do(Statement(words.statement.where, words.take("a statement"), tuple(words.before(()))))
