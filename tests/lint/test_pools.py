"""Rules on pools, members, checks and references."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from gslb import model
from gslb.lint import lint

Judge = Callable[..., list[str]]
Pools = Callable[..., model.Pool]

WEIGHTED = model.Policy((), "weighted")
CHECK = model.Check("web", "http", {}, 5.0, 2.0, 3, 10, 5, "d")


def _policy(name: str, **options: Any) -> model.Policy:
    return model.Policy((model.FilterSpec(name, options),), "weighted", name)


def _member(address: str, **fields: Any) -> model.Member:
    return model.Member(address, (ip_address(address),), **fields)


class TestReferences:
    def test_unknown_words(self, judge_pools: Judge, pool_of: Pools) -> None:
        assert judge_pools(pool_of("fra: 192.0.2.1"), sites=()) == ["L001"]
        assert judge_pools(pool_of(_member("192.0.2.1", checks=("nope",)))) == ["L002"]
        assert judge_pools(pool_of("192.0.2.1"), body="a GSLB web\nb GSLB nope\n") == ["L003"]
        checked = _member("192.0.2.1", checks=("web",))
        assert judge_pools(pool_of(checked, when_all_down=model.AllDown("backup", "nope")), checks=(CHECK,)) == ["L003"]

    def test_unknown_site_of_a_network(self) -> None:
        facts = (model.NetworkFact(ip_network("192.0.2.0/24"), site="nope"), model.NetworkFact(ip_network("192.0.2.0/25"), country="DE"))
        assert [one.code for one in lint(model.Model({}, {}, {}, {}, facts))] == ["L001"]

    def test_hint_lists_what_is_known(self) -> None:
        sites = {f"s{i:02}": model.Site(f"s{i:02}") for i in range(20)}
        [problem] = [one for one in lint(model.Model(sites, {}, {}, {}, (model.NetworkFact(ip_network("::/0"), site="x"),))) if one.code == "L001"]
        assert problem.hint.startswith("known: s00, s01")
        assert problem.hint.endswith("…")

    def test_circles_of_backups(self, judge_pools: Judge, pool_of: Pools) -> None:
        def chained(*ids: str) -> list[model.Pool]:
            member = _member("192.0.2.1", checks=("web",))
            steps = zip(ids, [*ids[1:], None], strict=True)
            return [pool_of(member, pool_id=one, when_all_down=model.AllDown("backup", to) if to else model.AllDown()) for one, to in steps]

        assert judge_pools(*chained("a", "b", "c"), checks=(CHECK,)) == []
        circle = [*chained("a", "b"), replace(chained("c")[0], when_all_down=model.AllDown("backup", "b"))]
        circle[1] = replace(circle[1], when_all_down=model.AllDown("backup", "c"))
        assert judge_pools(*circle, checks=(CHECK,)) == ["L004"]
        assert judge_pools(replace(chained("a")[0], when_all_down=model.AllDown("backup", "a")), checks=(CHECK,)) == ["L004"]

    def test_unused_things_are_warned_of(self, judge_pools: Judge, pool_of: Pools) -> None:
        assert judge_pools(pool_of("192.0.2.1"), body="") == ["L005?"]
        assert judge_pools(pool_of("192.0.2.1"), checks=(CHECK,)) == ["L006?"]
        assert judge_pools(pool_of("192.0.2.1"), sites=(model.Site("fra"),)) == ["L007?"]

    def test_a_network_uses_its_site(self) -> None:
        facts = (model.NetworkFact(ip_network("192.0.2.0/24"), site="fra"),)
        assert lint(model.Model({"fra": model.Site("fra")}, {}, {}, {}, facts)) == []


class TestChecks:
    @pytest.mark.parametrize(
        ("change", "codes"),
        [
            ({}, []),
            ({"timeout": 5.0}, ["L010"]),
            ({"timeout": 6.0}, ["L010"]),
            ({"interval": 0.0}, ["L011"]),
            ({"timeout": -1.0}, ["L011"]),
            ({"interval": 300.0}, ["L012?"]),
            ({"down": 0}, ["L013"]),
            ({"ok": 0, "up": 0}, ["L013", "L013"]),
            ({"down": 1, "up": 1}, ["L014?"]),
            ({"down": 1}, []),
            ({"degraded_above": 0.5}, []),
            ({"degraded_above": 5.0}, ["L015?"]),
            ({"fast_interval": 1.0}, []),
            ({"fast_interval": 5.0}, ["L016?"]),
            ({"fast_interval": 0.05}, ["L016?"]),
        ],
    )
    def test_numbers(self, change: dict[str, Any], codes: list[str], judge_pools: Judge, pool_of: Pools) -> None:
        assert judge_pools(pool_of(_member("192.0.2.1", checks=("web",))), checks=(replace(CHECK, **change),)) == codes


class TestMembers:
    def test_none(self, judge_pools: Judge, pool_of: Pools) -> None:
        assert judge_pools(pool_of()) == ["L020"]

    @pytest.mark.parametrize(
        ("weights", "codes"), [((1, 2), []), ((-1, 2), ["L021"]), ((2**20, 0), []), ((2**20 + 1,), ["L021"]), ((0, 0), ["L022?"])]
    )
    def test_weights(self, weights: tuple[int, ...], codes: list[str], judge_pools: Judge, pool_of: Pools) -> None:
        members = [_member(f"192.0.2.{at}", weight=weight) for at, weight in enumerate(weights, 1)]
        assert judge_pools(pool_of(*members, policy=WEIGHTED)) == codes

    def test_sum_of_weights(self, judge_pools: Judge, pool_of: Pools) -> None:
        members = [_member(f"10.0.{at >> 8}.{at & 255}", weight=2**20) for at in range(4096)]
        assert judge_pools(pool_of(*members[:-1], policy=WEIGHTED)) == []
        assert judge_pools(pool_of(*members, policy=WEIGHTED)) == ["L021"]

    @pytest.mark.parametrize(
        ("members", "codes"),
        [
            (("192.0.2.1", "192.0.2.2"), []),
            (("2001:db8::1", "2001:db8::2"), []),
            (("192.0.2.1 2001:db8::1", "2001:db8::2 192.0.2.2"), []),
            (("192.0.2.1 2001:db8::1", "192.0.2.2"), ["L023?"]),
            (("192.0.2.1", "2001:db8::2"), ["L023?", "L023?"]),
        ],
    )
    def test_families(self, members: tuple[str, ...], codes: list[str], judge_pools: Judge, pool_of: Pools) -> None:
        assert judge_pools(pool_of(*members)) == codes

    def test_the_same_address_twice(self, judge_pools: Judge, pool_of: Pools) -> None:
        assert judge_pools(pool_of("a: 192.0.2.1", "b: 192.0.2.1")) == ["L024?"]

    @pytest.mark.parametrize(
        ("address", "codes"),
        [
            *((one, []) for one in ("192.0.2.1", "10.0.0.1", "127.0.0.2", "100.64.0.1", "::1", "fd00::1", "2001:db8::1")),
            *((one, ["L025"]) for one in ("0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255", "::", "ff02::1")),
            *((one, ["L025?"]) for one in ("240.0.0.1", "169.254.1.1", "fe80::1", "::ffff:192.0.2.1")),
        ],
    )
    def test_useless_addresses(self, address: str, codes: list[str], judge_pools: Judge, pool_of: Pools) -> None:
        assert judge_pools(pool_of(address)) == codes


class TestChoice:
    @pytest.mark.parametrize(
        ("ttls", "codes"),
        [((60, 60), []), ((10, 60), ["L030"]), ((60, -1), ["L030"]), ((604_801, 60), ["L031?"]), ((60, 0), ["L032?"]), ((0, 0), ["L032?"])],
    )
    def test_ttls(self, ttls: tuple[int, int], codes: list[str], judge_pools: Judge, pool_of: Pools) -> None:
        assert judge_pools(pool_of("192.0.2.1", ttl_max=ttls[0], ttl_min=ttls[1])) == codes

    @pytest.mark.parametrize(
        ("count", "how", "codes"),
        [
            (8, ("all", 0), []),
            (9, ("all", 0), ["L034?"]),
            (9, ("all", 1), ["L034?"]),  # `all` gives every group
            (20, ("weighted", 1), []),
            (20, ("rotate", 8), []),
            (20, ("rotate", 9), ["L034?"]),
            (1, ("first", -1), ["L033"]),
        ],
    )
    def test_answers(self, count: int, how: tuple[str, int], codes: list[str], judge_pools: Judge, pool_of: Pools) -> None:
        members = [f"192.0.2.{at}" for at in range(1, count + 1)]
        assert judge_pools(pool_of(*members, policy=model.Policy((), how[0]), answers=how[1])) == codes

    def test_a_backup_that_never_comes(self, judge_pools: Judge, pool_of: Pools) -> None:
        backup = pool_of("192.0.2.9", pool_id="sorry")
        to = model.AllDown("backup", "sorry")
        checked, free = _member("192.0.2.1", checks=("web",)), _member("192.0.2.2")
        assert judge_pools(pool_of(checked, when_all_down=to), backup, checks=(CHECK,)) == []
        assert judge_pools(pool_of(checked, free, when_all_down=to), backup, checks=(CHECK,)) == ["L035?"]

    def test_a_quorum_with_nothing_to_judge(self, judge_pools: Judge, pool_of: Pools) -> None:
        checked, free = _member("192.0.2.1", checks=("web",), quorum="any/0/0/600/1"), _member("192.0.2.2", quorum="any/0/0/600/1")
        assert judge_pools(pool_of(checked, free), checks=(CHECK,)) == []
        assert judge_pools(pool_of(free)) == ["L043?"]

    def test_nearest(self, judge_pools: Judge, pool_of: Pools) -> None:
        pool = pool_of("fra: 192.0.2.1", "iad: 192.0.2.2", policy=_policy("nearest"))
        fra, iad = model.Site("fra", location=(50.1, 8.7)), model.Site("iad")
        assert judge_pools(pool, sites=(fra, replace(iad, location=(39.0, -77.5)))) == []
        assert judge_pools(pool, sites=(fra, iad)) == ["L036"]
        assert judge_pools(pool_of("192.0.2.1", policy=_policy("nearest"))) == ["L037?"]

    def test_geo(self, judge_pools: Judge, pool_of: Pools) -> None:
        members = ("fra: 192.0.2.1", "iad: 192.0.2.2")
        assert judge_pools(pool_of(*members, policy=_policy("geo", EU=["fra"], default=["iad"], fence=True))) == ["L040?"]
        assert judge_pools(pool_of(*members, policy=_policy("geo", default="fra"))) == ["L038?"]
        assert judge_pools(pool_of("192.0.2.1", policy=_policy("geo", default=["fra"]))) == ["L037?"]
