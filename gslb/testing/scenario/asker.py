"""Who puts a scenario's questions: `Asker` is what `story` needs, `PureAsker` calls an engine's `answer()` and opens no socket."""

from __future__ import annotations

from typing import Protocol

from gslb.answer import Drop, Env, NeedRow
from gslb.plan import EMPTY, Snapshot
from gslb.testing.engines import Engine, PythonEngine
from gslb.testing.scenario.question import Question


class Asker(Protocol):
    """Something that answers from a snapshot. `most_draws`: how many questions a statement about shares may cost here."""

    most_draws: int

    def serve(self, snapshot: Snapshot) -> None:
        """Answer from this snapshot from now on."""
        ...

    def ask(self, question: Question) -> bytes | None:
        """Put a question; None = silence."""
        ...


class PureAsker:
    """Calls an engine as a function."""

    most_draws = 1_000_000

    def __init__(self, engine: Engine | None = None) -> None:
        """Ask this engine; the reference where none is given."""
        self._engine = engine or PythonEngine()
        self._snapshot = EMPTY

    def serve(self, snapshot: Snapshot) -> None:
        """Answer from this snapshot from now on."""
        self._snapshot = snapshot

    def ask(self, question: Question) -> bytes | None:
        """Put a question; None = silence."""
        outcome = self._engine.answer(self._snapshot, question.wire(), question.client.packed, Env(question.draw, udp=not question.tcp))
        if isinstance(outcome, Drop):
            return None
        return (outcome.reply if isinstance(outcome, NeedRow) else outcome).wire
