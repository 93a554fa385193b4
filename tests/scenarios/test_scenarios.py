"""Every scenario, by calls on a simulated clock and over real sockets; and that every rule of the design has its story."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gslb.testing.scenario import LiveAsker, PureAsker, play, read

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.scn"))


@pytest.fixture(scope="module")
def live() -> Iterator[LiveAsker]:
    with LiveAsker() as asker:
        yield asker


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_on_a_simulated_clock(path: Path) -> None:
    play(read(path), PureAsker())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_over_real_sockets(path: Path, live: LiveAsker) -> None:
    script = read(path)
    if not any(statement.word == "ask" for statement in script.statements):
        pytest.skip("asks nothing")
    play(script, live)
