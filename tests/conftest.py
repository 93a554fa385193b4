"""The engines. What asks through `engine` holds for each of them."""

from __future__ import annotations

import pytest

from gslb.testing import engines


@pytest.fixture(scope="session", params=["python", "native"])
def engine(request: pytest.FixtureRequest) -> engines.Engine:
    """The reference, and the native engine where it is built."""
    if request.param == "native" and (why := engines.native_missing()):
        pytest.skip(why)
    return engines.engine(request.param)


@pytest.fixture(params=["python", "native"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Each engine by name, for what starts planes: `dns.engine`."""
    if request.param == "native" and (why := engines.native_missing()):
        pytest.skip(why)
    return str(request.param)
