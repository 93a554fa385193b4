"""What a scenario asks, and what it says of many answers at once; what it says of one is in `expectation`. Part of a story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice

from gslb.testing.scenario import question, shares
from gslb.testing.scenario.asker import Asker
from gslb.testing.scenario.expectation import EXPECTATIONS
from gslb.testing.scenario.question import Question, Reply
from gslb.testing.scenario.words import MOST_DRAWS, Words
from gslb.testing.scenario.world import World
from gslb.testing.scenario.written import Written


class Inquiry:
    """Asks through an Asker and remembers the last question and its reply."""

    def __init__(self, world: World, written: Written, asker: Asker) -> None:
        self._world = world
        self._written = written
        self._asker = asker
        self._question: Question | None = None
        self._reply: Reply | None = None
        self.statements: Mapping[str, Callable[[Words], None]] = {
            "ask": self._ask,
            "shares": partial(self._shares, key=shares.key),
            "order": partial(self._shares, key=shares.ordered),
            "steady": self._steady,
            **dict.fromkeys(EXPECTATIONS, self._expect),
        }

    def _ask(self, words: Words) -> None:
        self._written.load(words)
        self._question = question.ask(words)
        self._reply = self._answered(words, self._question)

    def _expect(self, words: Words) -> None:
        asked, reply = self._last(words)
        EXPECTATIONS[words.statement.word](words, reply, asked)

    def _answered(self, words: Words, asked: Question) -> Reply:
        if not self._world.loaded:
            self._written.settle()
            raise words.fail("no files have been accepted, so nobody answers")
        self._asker.serve(self._world.snapshot)
        wire = self._asker.ask(asked)
        if wire is None:
            raise words.fail("no answer came")
        return question.decode(wire)

    def _last(self, words: Words) -> tuple[Question, Reply]:
        if self._question is None or self._reply is None:
            raise words.fail(f"{words.statement.word} before any ask")
        return self._question, self._reply

    def _shares(self, words: Words, key: Callable[[Reply, str], str]) -> None:
        """`shares DATA weight N, … [over N]`, `order DATA>DATA weight N, … [over N]`: of many draws of the last question."""
        asked, _ = self._last(words)
        weights: dict[str, int] = {}
        for item in words.listed(("over",)):
            if len(item) != 3 or item[1] != "weight" or not item[2].isdigit():
                raise words.fail(f"{words.statement.word} DATA weight N, DATA weight N, …")
            weights["+".join(sorted(item[0].split("+")))] = int(item[2])
        seen = Counter(key(self._answered(words, asked.drawn(draw)), asked.type) for draw in self._draws(words, shares.DRAWS))
        if said := shares.complaint(seen, weights):
            raise words.fail(said)

    def _steady(self, words: Words) -> None:
        """`steady [over N]`: whatever is drawn, the last question gets the same answer."""
        asked, reply = self._last(words)
        wanted = shares.ordered(reply, asked.type)
        for draw in self._draws(words, 50):
            if (seen := shares.ordered(self._answered(words, asked.drawn(draw)), asked.type)) != wanted:
                raise words.fail(f"another draw gives {seen} instead of {wanted}")

    def _draws(self, words: Words, default: int) -> list[int]:
        count = words.integer("number of draws", 1, MOST_DRAWS) if words.skip("over") else default
        return list(islice(shares.draws(words.statement.where, count), self._asker.most_draws))
