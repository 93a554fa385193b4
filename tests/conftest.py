"""What all folders have: the engines, a small geo database; and how tests are shared among workers (`pytest -n 2`, as in `make test`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from gslb.testing import engines

# Every process that a test starts would compile gslb anew (half a second of CPU each) where the environment forbids to keep what was compiled.
os.environ["PYTHONDONTWRITEBYTECODE"] = ""
sys.dont_write_bytecode = False

# How long an example takes says how busy the machine is: where time is the subject a test measures it itself.
EXAMPLES = int(os.environ.get("GSLB_EXAMPLES", "50"))  # where a test does not say how many; every run tries others
examples.register_profile("gslb", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=EXAMPLES)
examples.load_profile("gslb")

# Folders whose tests stay with one worker, one after the other, in this order before all others: they run services whose promises are in seconds,
# share something dear (a browser, the shipped geo database), or take so long that they must not come last (the image).
ONE_BY_ONE = ("tests/live/", "tests/dashboard/", "tests/deploy/", "tests/geo/")


@pytest.fixture(scope="session", params=["python", "native"])
def engine(request: pytest.FixtureRequest) -> engines.Engine:
    """The reference, and the native engine where it is built: what asks through this holds for each of them."""
    if request.param == "native" and (why := engines.native_missing()):
        pytest.skip(why)
    return engines.engine(request.param)


@pytest.fixture(scope="session")
def geodb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A geo database of one network, for what loads files or starts services: the shipped one takes each of them a second to read."""
    path = tmp_path_factory.mktemp("geodb") / "small.mmdb"
    writer = MMDBWriter(6, "Test-Country", ipv4_compatible=True)
    writer.insert_network(IPSet(["192.0.2.0/24"]), {"country": {"iso_code": "DE"}})
    writer.to_db_file(str(path))
    return path


@pytest.fixture(params=["python", "native"])
def engine_name(request: pytest.FixtureRequest) -> str:
    """Each engine by name, for what starts planes: `dns.engine`."""
    if request.param == "native" and (why := engines.native_missing()):
        pytest.skip(why)
    return str(request.param)


def part(nodeid: str) -> str:
    """What a worker is given as a whole: a file, so that what a module shares is made once; or a folder of ONE_BY_ONE."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in ONE_BY_ONE if file.startswith(folder)), file)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes one worker longest; otherwise the random order stays."""
    if config.getoption("numprocesses", None) is None and not hasattr(config, "workerinput"):
        return
    rank = {folder: at for at, folder in enumerate(ONE_BY_ONE)}
    items.sort(key=lambda item: rank.get(part(item.nodeid), len(rank)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Hand out parts, in the order of the tests."""
    from xdist.scheduler import LoadScopeScheduling

    class Parts(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return part(nodeid)

    config.option.loadscopereorder = False
    return Parts(config, log)
