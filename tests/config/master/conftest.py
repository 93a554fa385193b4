"""The corpus: `bad/` holds files with one mistake each, `good/` files that any server should load.

Each file says in its second line what is expected: `; expect: CODE LINE:COLUMN, …`, with `(warning)` behind the codes of warnings.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from gslb import model
from gslb.config import master_file
from gslb.errors import Problem, Problems
from gslb.lint import lint

APEX = b"\x07example\x03com\x00"


def _pool(pool_id: str) -> model.Pool:
    member = model.Member("m", (ip_address("192.0.2.99"), ip_address("2001:db8::99")))
    return model.Pool(pool_id, (member,), model.Policy((), "first"), 1, 60, 10)


@pytest.fixture
def judge() -> Callable[[Path], list[Problem]]:
    """Read a zone file and lint it, beside two pools; what is said of unused pools is left out."""

    def judge(path: Path) -> list[Problem]:
        problems = Problems()
        text = path.read_bytes().decode()
        include = master_file.includes_from(path.parent)
        zone = master_file.read(path.name, text, problems, default_origin=APEX, include=include)
        if zone is not None:
            pools = {name: _pool(name) for name in ("web", "shop")}
            problems.found += [one for one in lint(model.Model({}, {}, pools, {APEX: zone})) if one.code != "L005"]
        return sorted(problems.found, key=lambda one: one.where)

    return judge


@pytest.fixture
def read() -> Callable[[Path], model.Zone]:
    """Read a good zone file."""

    def read(path: Path) -> model.Zone:
        include = master_file.includes_from(path.parent)
        zone = master_file.read(path.name, path.read_bytes().decode(), Problems(), default_origin=APEX, include=include)
        assert zone is not None
        return zone

    return read
