"""Random worlds, as `gslb.testing.explained` makes them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gslb.testing.explained.worlds import NOW, build


@pytest.fixture(scope="session")
def worlds() -> Any:
    return SimpleNamespace(build=build, NOW=NOW)
