"""Every check type in the table keeps the contract, by the example in its own reference; a new one is held to it without a word."""

from __future__ import annotations

import inspect
from dataclasses import replace
from ipaddress import ip_address

import pytest
import yaml

from gslb.check import CHECKS
from gslb.check.observation import Observation, Result
from gslb.check.once import look
from gslb.config.checks import CHECK
from gslb.testing import check_check, stall

HERE = ip_address("127.0.0.1")


def example(define, name, timeout, **changes):
    written = {key: value for key, value in yaml.safe_load(CHECKS[name].example).items() if key not in CHECK}
    return define(name, timeout, **written | changes)


@pytest.mark.parametrize("name", [name for name, kind in CHECKS.items() if "port" in kind.options])
async def test_what_speaks_tcp(define, name):
    """Seven servers that misbehave: one deadline, clean cancelling, no exception, nothing left open."""
    over = {"transport": "tcp"} if "transport" in CHECKS[name].options else {}
    await check_check(lambda port, timeout: CHECKS[name].build(example(define, name, timeout, port=port, **over)))


@pytest.mark.parametrize("name", CHECKS)
async def test_every_type_can_be_looked_with_and_inverted(define, name):
    """Nothing listens here: each example comes to an end, in time, with a reason; and its opposite to the opposite one."""
    definition = example(define, name, 1.0)
    watch = stall.Stopwatch()
    check = CHECKS[name].build(definition)
    seen, opposite = await look(check, definition, HERE), await look(check, replace(definition, invert=True), HERE)
    assert isinstance(seen, Observation)
    assert seen.seconds < 1.5 + watch.stalled
    assert seen.reason
    flipped = {Result.OK: Result.FAIL, Result.FAIL: Result.OK, Result.UNKNOWN: Result.UNKNOWN}
    assert opposite.result is flipped[seen.result]


@pytest.mark.parametrize("name", CHECKS)
def test_shape(name):
    kind = CHECKS[name]
    assert kind.name == name
    assert kind.doc.endswith(".")
    assert yaml.safe_load(kind.example)["type"] == name
    assert inspect.iscoroutinefunction(kind.observe)
