"""The duel's own cases reach every line of the reference that an answer can take, so that nothing is equal for want of being asked."""

import dis
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType

import pytest

import gslb.answer
from gslb.answer import answer
from gslb.testing.twin import Packets, World

HOME = Path(gslb.answer.__file__).parent
# The memo is what only this engine has; what sends to TCP is no answer, and is compared in `test_truncated.py`.
ONE_REPLY = [path for path in sorted(HOME.glob("*.py")) if path.name not in {"memo.py", "truncated.py"}]
WORLDS = 500  # at most; a tenth of them do, as a rule
PACKETS = 150

# What one reply from one snapshot never does: it keeps nothing, so forgets nothing, and tells no difference between snapshots.
NEVER = {
    "lookup.py": ("return name, _NOTHING",),  # a zone has its apex, or it is refused
    "negatives.py": ("self._kept.clear()",),
    "outcome.py": ("self._kept = 0", "self._forget()"),
    "tally.py": ("meta = Meta(None, meta.rcode)", "return {meta: cell.count for meta, cell in self._cells.items() if cell.count}"),
    "shelf.py": ("self._ready.clear()",),
    "shelves.py": (
        "shelf.bind(snapshot)",
        "hints.bind(snapshot)",
        "return len(",
        "shelf.forget()",
        "hints.forget()",
        "for ",
        "self._snapshot = snapshot",
    ),
}
AT_IMPORT = ("_log2",)


def lines_of(code: CodeType) -> Iterator[int]:
    """Lines that a function may run."""
    yield from (line for _, line in dis.findlinestarts(code) if line and line != code.co_firstlineno)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from lines_of(inner)


def bodies(path: Path) -> set[int]:
    """Lines inside functions; what a module runs when it is imported proves nothing."""
    module = compile(path.read_text(), str(path), "exec")
    return {line for inner in functions(module) for line in lines_of(inner)}


def never(path: Path) -> set[int]:
    """Lines that are not to be reached."""
    return {n for n, line in enumerate(path.read_text().splitlines(), 1) if line.strip().startswith(NEVER.get(path.name, ()))}


def functions(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_flags & 1 and inner.co_name not in AT_IMPORT:  # CO_OPTIMIZED: a function, no class body
                yield inner
            yield from functions(inner)


@pytest.mark.timeout(300)
def test_every_line_is_reached() -> None:
    left = {str(path): bodies(path) - never(path) for path in ONE_REPLY}

    def called(frame: FrameType, _event: str, _argument: object) -> object:
        lines = left.get(frame.f_code.co_filename)
        if not lines:
            return None

        def ran(frame: FrameType, _event: str, _argument: object) -> object:
            lines.discard(frame.f_lineno)
            return ran

        return ran

    before = sys.gettrace()
    for seed in range(WORLDS):
        if not any(left.values()):
            break
        snapshot = World(seed).plan()
        packets = Packets(seed, snapshot)
        cases = [packets.one() for _ in range(PACKETS)]
        sys.settrace(called)
        for asked in cases:
            answer(snapshot, *asked)
        sys.settrace(before)
    assert not any(left.values()), {name: sorted(lines) for name, lines in left.items() if lines}
