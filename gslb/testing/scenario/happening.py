"""What happens in a scenario: time passes, checks see things, a node starts anew.

Part of a story. A check's results come one interval apart; time moves only where a statement says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from gslb.check.observation import Observation, Result
from gslb.testing.scenario.words import Words, duration
from gslb.testing.scenario.world import World, blind, failed, passed
from gslb.testing.scenario.written import Written
from gslb.verdict import State, Target

STATES: Final = {"up": State.UP, "down": State.DOWN, "unknown": State.UNKNOWN}


class Happening:
    """Moves a world's clock and lets its probers see."""

    def __init__(self, world: World, written: Written) -> None:
        self._world = world
        self._written = written
        self.statements: Mapping[str, Callable[[Words], None]] = {
            "clock": self._clock,
            "up": partial(self._state, seen=passed()),
            "down": partial(self._state, seen=failed()),
            "blind": partial(self._state, seen=blind()),
            "unknown": self._unknown,
            "pass": partial(self._results, seen=passed()),
            "fail": partial(self._results, seen=failed()),
            "prober": self._prober,
            "restart": self._restart,
            "verdict": self._verdict,
        }

    def pass_until(self, words: Words, moment: float) -> None:
        """Let time pass until so many seconds since the story began."""
        self._written.load(words)
        if moment < self._world.seconds:
            raise words.fail(f"time goes forward only: it is {self._world.seconds:g}s already")
        self._world.pass_until(moment)

    def _clock(self, words: Words) -> None:
        """`clock 2026-01-05T09:00`: the moment (UTC) that 0 s stands for."""
        if not self._written.fresh:
            raise words.fail("the clock is set before anything happens")
        try:
            self._world.epoch = datetime.fromisoformat(words.take("a moment")).replace(tzinfo=UTC).timestamp()
        except ValueError as error:
            raise words.fail(str(error)) from None

    def _state(self, words: Words, seen: Observation) -> None:
        """`up`, `down`, `blind SUBJECT… [by PROBER]`: a prober that has just started looks once."""
        subjects = self._subjects(words)
        prober = words.take("a prober") if words.skip("by") else "p1"
        self._see(subjects, seen, prober, first=seen.result is not Result.UNKNOWN)

    def _unknown(self, words: Words) -> None:
        """`unknown SUBJECT…`: nobody has ever heard of these."""
        self._world.forget(self._subjects(words))

    def _results(self, words: Words, seen: Observation) -> None:
        """`pass|fail SUBJECT… [xN] [grade N|in TIME] [by PROBER]`: N results, an interval apart, the first of them now."""
        subjects = self._subjects(words)
        count, prober = 1, "p1"
        while words:
            word = words.take("an option")
            if word.startswith("x") and word[1:].isdigit():
                count = int(word[1:])
            elif word == "grade":
                seen = passed(words.integer("grade", 0, 100))
            elif word == "in":
                seen = replace(seen, seconds=words.duration("a time"))
            elif word == "by":
                prober = words.take("a prober")
            else:
                raise words.fail(f"{words.statement.word} does not know {word!r}")
        interval = max(self._world.interval(target) for target in subjects)
        for number in range(count):
            if number:
                self._world.pass_until(self._world.seconds + interval)
            self._world.look(subjects, seen, prober)
            self._world.judge()

    def _subjects(self, words: Words) -> list[Target]:
        self._written.load(words)
        found: dict[Target, None] = {}
        for subject in words.before(_OPTIONS):
            some = self._world.find(subject)
            if not some:
                raise words.fail(f"nobody probes {subject!r}: name a site, an address, POOL/MEMBER, CHECK@SITE or all")
            found |= dict.fromkeys(some)
        if not found:
            raise words.fail(f"{words.statement.word} what?")
        return list(found)

    def _see(self, subjects: list[Target], seen: Observation, prober: str, *, first: bool = False) -> None:
        self._world.observe(subjects, seen, prober, first=first)
        self._world.judge()

    def _prober(self, words: Words) -> None:
        """`prober NAME [in PLACE] [stops|goes-on|suspect|trusted]`: where it is, whether it is heard of, whether it trusts its own eyes."""
        self._written.load(words)
        name, how = words.take("a prober"), dict[str, object]()
        if words.skip("in"):
            how["place"] = words.take("a place")
        match words.take("what becomes of it") if words else "":
            case "stops":
                how["stopped"] = self._world.now
            case "goes-on":
                how["stopped"] = None
            case "suspect" | "trusted" as word:
                how["suspect"] = word == "suspect"
            case other if other:
                raise words.fail(f"prober does not know {other!r}: stops, goes-on, suspect or trusted")
        self._world.stands(name, **how)

    def _restart(self, words: Words) -> None:
        """`restart`: a node that starts now, and knows of the past what the store holds."""
        self._written.load(words)
        self._world.restart()

    def _verdict(self, words: Words) -> None:
        """`verdict SUBJECT STATE [since TIME] [last-up TIME|never] [change TIME|never] [grade N] [held|heard]`."""
        self._written.load(words)
        subject, wanted = words.take("a subject"), words.take("a state")
        found = self._world.judged(subject)
        if wanted not in STATES or not found:
            raise words.fail(f"verdict SUBJECT up|down|unknown; {len(found)} targets are called {subject!r}")
        facts: dict[str, object] = {"state": wanted}
        while words:
            match words.take("a fact"):
                case "grade":
                    facts["grade"] = words.integer("grade", 0, 100)
                case "held" | "heard" as fact:
                    facts["held"] = fact == "held"
                case "since" | "last-up" | "change" as fact:
                    word = words.take("a time")
                    facts[fact] = None if word == "never" else duration(word, words.statement)
                case other:
                    raise words.fail(f"verdict does not know {other!r}")
        for target in found:
            seen = self._told(target)
            if any(seen[fact] != value for fact, value in facts.items()):
                raise words.fail(f"the verdict on {target.check}@{target.address} is {seen}, wanted {facts}")

    def _told(self, target: Target) -> dict[str, object]:
        verdict = self._world.verdicts.get(target)
        if verdict is None:
            return {"state": "unknown", "grade": None, "since": None, "last-up": None, "change": None, "held": False}
        epoch = self._world.epoch
        return {
            "state": verdict.state.name.lower(),
            "grade": verdict.grade,
            "since": verdict.since - epoch,
            "last-up": None if verdict.last_up is None else verdict.last_up - epoch,
            "change": verdict.seconds_to_change,
            "held": verdict.held,
        }


_OPTIONS: Final = frozenset({"by", "grade", "in", *(f"x{n}" for n in range(1000))})
"""Words that end a list of subjects."""
