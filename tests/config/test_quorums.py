"""How a pool says how many probers must agree."""

from __future__ import annotations

import pytest

from gslb import targets
from gslb.quorum import Quorum

HEAD = "checks: {a: {type: tcp, port: 1}}\n"
REST = "zone: example.com\nrecords:\n  '': {type: NS, values: [ns.example.org.]}\n  x: {pool: p}\n  y: {pool: q}\n"


@pytest.fixture
def load(load_text):
    def pool(keys):
        pools = f"p: {{members: [{{address: 192.0.2.1}}], check: a, {keys}}}, q: {{members: [{{address: 192.0.2.1}}], check: a}}"
        return load_text(x__yaml=f"{HEAD}pools: {{{pools}}}\n{REST}")

    return pool


@pytest.mark.parametrize(
    ("keys", "quorum"),
    [
        ("policy: all", Quorum()),
        ("quorum: majority", Quorum()),
        ("quorum: any", Quorum("any")),
        ("quorum: all", Quorum("all")),
        ("quorum: places", Quorum("places")),
        ("quorum: {at_least: 2}", Quorum("at_least", 2)),
        ("quorum: {percent: 60}", Quorum("percent", 60)),
        ("min_votes: 3, max_stale: 90s, when_stale: unknown", Quorum(min_votes=3, max_stale=90.0, keep=False)),
    ],
)
def test_forms(load, keys, quorum):
    loaded = load(keys)
    assert not loaded.problems
    (member,) = loaded.model.pools["p"].members
    assert member.quorum == quorum.key


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("quorum: most", "C032"),
        ("quorum: 2", "C032"),
        ("quorum: {at_least: 0}", "C032"),
        ("quorum: {percent: 101}", "C032"),
        ("quorum: {at_least: 1, percent: 5}", "C032"),
        ("quorum: {at_least: true}", "C032"),
        ("min_votes: -1", "C005"),
        ("max_stale: 1s", "C005"),
        ("when_stale: down", "C005"),
    ],
)
def test_mistakes(load, keys, code):
    assert code in [problem.code for problem in load(keys).problems]


def test_what_is_probed_once_is_judged_under_each_quorum(load):
    model = load("quorum: any").model
    index = targets.index(model)
    (probed,) = index.probes
    assert {key.quorum: pools for key, pools in index.pools.items()} == {"": {"q"}, Quorum("any").key: {"p"}}
    assert index.quorums[probed] == index.pools.keys()
    assert {key.probed for key in index.pools} == {probed}
