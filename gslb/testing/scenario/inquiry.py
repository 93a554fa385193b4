"""What a scenario asks, and what it says of many answers at once; what it says of one is in `expectation`. Part of a story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice

from gslb.explain import explain, read, text
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
        self._answers: tuple[Mapping[Question, str], ...] = ()  # of the last two `shares`
        self.statements: Mapping[str, Callable[[Words], None]] = {
            "ask": self._ask,
            "shares": partial(self._shares, key=shares.key),
            "order": partial(self._shares, key=shares.ordered),
            "steady": self._steady,
            "moved": self._moved,
            "explain": self._explain,
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
        """`shares DATA weight N, … [over N [clients of NETWORK]]`, `order DATA>DATA weight N, …`: of many draws, or clients."""
        asked, _ = self._last(words)
        weights: dict[str, int] = {}
        for item in words.listed(("over",)):
            if len(item) != 3 or item[1] != "weight" or not item[2].isdigit():
                raise words.fail(f"{words.statement.word} DATA weight N, DATA weight N, …")
            weights["+".join(sorted(item[0].split("+")))] = int(item[2])
        count = words.integer("number", 1, MOST_DRAWS) if words.skip("over") else shares.DRAWS
        crowd = self._clients(words, asked, count) if words.skip("clients") else self._drawn(words, asked, count)
        answers = {one: key(self._answered(words, one), one.type) for one in crowd}
        self._answers = (*self._answers, answers)[-2:]
        if said := shares.complaint(Counter(answers.values()), weights):
            raise words.fail(said)

    def _moved(self, words: Words) -> None:
        """Judge `moved from DATA`, `moved to DATA`, `moved none`: what the last two `shares` over the same clients differ in."""
        if len(self._answers) < 2 or self._answers[0].keys() != self._answers[1].keys():
            raise words.fail("moved compares the last two `shares … over N clients of NETWORK`, which must ask for the same")
        before, now = self._answers
        changes = {(before[one], now[one]) for one in before if before[one] != now[one]}
        way = words.take("from, to or none")
        if way not in ("from", "to", "none"):
            raise words.fail("moved from DATA, moved to DATA, or moved none")
        allowed = set() if way == "none" else {" ".join(item) for item in words.listed()}
        wrong = {change for change in changes if change[way == "to"] not in allowed}
        if wrong or (allowed and not changes):
            raise words.fail(f"clients moved {', '.join(f'from {old} to {new}' for old, new in sorted(wrong)) or 'nowhere'}")

    def _explain(self, words: Words) -> None:
        """`explain contains TEXT`, `explain lacks TEXT`: what `gslb explain` says of the last question; blanks count as one."""
        asked, _ = self._last(words)
        wanted = words.take("contains or lacks")
        if wanted not in ("contains", "lacks"):
            raise words.fail("explain contains TEXT, or explain lacks TEXT")
        said = {"name": asked.name, "type": asked.type, "client": str(asked.client), "subnet": str(asked.subnet or "")}
        told = " ".join(text(explain(self._world.subject, read(said, self._world.now))).split())
        if (words.rest() in told) != (wanted == "contains"):
            raise words.fail(f"it says: {told}")

    def _steady(self, words: Words) -> None:
        """`steady [over N]`: whatever is drawn, the last question gets the same answer."""
        asked, reply = self._last(words)
        wanted = shares.ordered(reply, asked.type)
        for one in self._drawn(words, asked, words.integer("number", 1, MOST_DRAWS) if words.skip("over") else 50):
            if (seen := shares.ordered(self._answered(words, one), asked.type)) != wanted:
                raise words.fail(f"another draw gives {seen} instead of {wanted}")

    def _drawn(self, words: Words, asked: Question, count: int) -> list[Question]:
        """Return the question with many draws."""
        return [asked.drawn(draw) for draw in islice(shares.draws(words.statement.where, count), self._asker.most_draws)]

    def _clients(self, words: Words, asked: Question, count: int) -> list[Question]:
        """Return the question from many clients of a network, the same ones every time."""
        if not words.skip("of"):
            raise words.fail("over N clients of NETWORK")
        network = question.network(words)
        chance = islice(shares.draws(str(network), count), self._asker.most_draws)
        return [asked.asked_by(int(network.network_address) + (draw * network.num_addresses >> 64)) for draw in chance]
