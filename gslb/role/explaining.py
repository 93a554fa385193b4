"""Why, and what if, from what this node serves now: its own files, geo data, verdicts, overrides and plan.

Part of control: commands on the local socket, and what the API asks. It reads and changes nothing. What takes tenths of a second is done in a
thread, and what many ask again and again (the world, for a map) is kept until the next generation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from gslb import explain
from gslb.errors import UsageError
from gslb.explain import given
from gslb.explain.population import Population, built_in
from gslb.explain.requests import Differing, Simulated, differing, simulated
from gslb.explain.subject import LIVE, Subject, changed
from gslb.geo import Atlas
from gslb.role.local import Answer, Request
from gslb.role.publisher import Publisher

KEPT: Final = 32  # worlds of one generation: one for each pool that somebody looks at


class Explaining:
    """Answers for one node. Each method takes a request's words and returns plain data. Raises UsageError for what makes no sense."""

    def __init__(self, node: str, publisher: Publisher) -> None:
        self._node = node
        self._publisher = publisher
        self._population: tuple[Atlas, Population] | None = None
        self._worlds: dict[str, dict[str, Any]] = {}
        self._generation = -1
        self._one = asyncio.Lock()  # the first to ask for a population or a world makes it, the others wait

    @property
    def subject(self) -> Subject:
        """What is served now."""
        publisher = self._publisher
        load = publisher.load
        assert load is not None  # nobody can ask before the first load
        moment = publisher.moment
        hold = publisher.overrides.hold(moment.now)
        warnings = (f"all verdicts are held by {hold.author or 'an operator'}: {hold.reason}",) if hold else ()
        return Subject(self._node, load.model, load.compiler, load.atlas, publisher.snapshot, moment, LIVE, warnings)

    async def explain(self, request: Request) -> Answer:
        """Explain one answer: `question` in the words of `gslb explain`."""
        said = request.get("question")
        if not isinstance(said, Mapping):
            raise UsageError("explain what? a question is needed")
        subject = self.subject
        question = explain.read(said, subject.moment.now)
        return await asyncio.to_thread(explain.explain, subject, question)  # a country may take tenths of a second

    async def simulate(self, request: Request) -> Answer:
        """Say who answers whom, now and what if: names, type, load, assume_down, assume_drained, at, sample, files."""
        subject = self.subject
        asked = simulated(request, subject.moment.now)
        population = None if asked.sample or asked.files is not None else await self._everybody(subject)
        return await asyncio.to_thread(_simulate, subject, asked, population)

    async def diff(self, request: Request) -> Answer:
        """Say what other files would change, in the present states: files, old, load. Raises ConfigError where files do not load."""
        return await asyncio.to_thread(_differ, self.subject, differing(request))

    async def world(self, request: Request) -> Answer:
        """Say which site serves each country now: `name`, or else the pool that most names lead to."""
        name = str(request.get("name") or "")
        subject = self.subject
        population = await self._everybody(subject)
        async with self._one:
            if subject.snapshot.generation != self._generation or len(self._worlds) >= KEPT:
                self._generation, self._worlds = subject.snapshot.generation, {}
            found = self._worlds.get(name)
            if found is None:
                found = self._worlds[name] = await asyncio.to_thread(explain.world, subject, name, population)
        return found

    async def _everybody(self, subject: Subject) -> Population:
        """Return the built-in population; counted once for each atlas."""
        async with self._one:
            if self._population is None or self._population[0] is not subject.atlas:
                self._population = subject.atlas, await asyncio.to_thread(built_in, subject)
            return self._population[1]


def _simulate(subject: Subject, asked: Simulated, population: Population | None) -> Answer:
    then = None if asked.files is None else changed(subject, given.model(asked.files))
    return explain.simulate(subject, population or asked.population(subject, then or subject), asked.asked, assumed=asked.assumed, then=then)


def _differ(subject: Subject, asked: Differing) -> Answer:
    old = subject if asked.old is None else changed(subject, given.model(asked.old))
    new = changed(subject, given.model(asked.new))
    return explain.difference(old, new, asked.population(old, new), load=asked.load)
