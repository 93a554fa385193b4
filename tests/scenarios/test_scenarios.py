"""Every scenario, by calls on a simulated clock and over real sockets; and that every rule of the design has its story."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gslb.testing.engines import Engine
from gslb.testing.scenario import LiveAsker, PureAsker, play, read

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.scn"))
ASKING = [path for path in FILES if any(line.startswith("ask ") for line in path.read_text().splitlines())]


@pytest.fixture(scope="module")
def live(engine: Engine) -> Iterator[LiveAsker]:
    with LiveAsker(engine.name) as asker:
        yield asker


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_on_a_simulated_clock(path: Path, engine: Engine) -> None:
    play(read(path), PureAsker(engine))


@pytest.mark.parametrize("path", ASKING, ids=lambda path: path.stem)
def test_over_real_sockets(path: Path, live: LiveAsker) -> None:
    play(read(path), live)
