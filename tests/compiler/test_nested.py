"""Pools inside pools, pools of names, and the two families of a pool."""

from dataclasses import replace
from typing import ClassVar

import pytest

from gslb.compiler.numbers import key64
from gslb.model import FilterSpec, Location, Member
from gslb.names import from_text
from gslb.plan import NO_PARTITION, Pick, Sticky
from gslb.verdict import State

DE, VA, CA, SG, FR = 1, 2, 3, 4, 5


@pytest.fixture
def four(kit):
    return [kit.member(site) for site in kit.sites]


def leaves(row):
    return [site for group in row.groups for site in (leaves(group.row) if group.row else [group.site])]


class TestPoolsInside:
    @pytest.fixture
    def world(self, kit, four):
        fra, iad, sjc, sin = four
        return kit.World(
            kit.pool("world", [kit.inside("eu", 3), kit.inside("us", 2), kit.inside("asia")], kit.policy("nearest"), "backup:sorry"),
            kit.pool("eu", [fra], kit.policy("all")),
            kit.pool("us", [iad, sjc], kit.policy("nearest")),
            kit.pool("asia", [sin], kit.policy("all"), ttl=(20, 5)),
            kit.pool("sorry", [kit.member("fra", checks=())], kit.policy("all")),
        )

    def test_a_child_ranks_by_the_nearest_of_what_it_would_answer(self, world):
        assert [leaves(world.row("world", n)) for n in (DE, VA, CA, SG)] == [["fra"], ["iad"], ["sjc"], ["sin"]]
        [group] = world.row("world", VA).groups
        assert (group.rdata, group.weight, group.row) == ((), 2, world.row("us", VA))

    def test_failure_goes_up_and_comes_back(self, world, four):
        fra, iad, sjc, _sin = four
        world.down(iad)
        assert leaves(world.row("world", VA)) == ["sjc"]
        world.down(sjc)
        assert leaves(world.row("world", VA)) == ["fra"]
        world.down(fra)
        assert leaves(world.row("world", VA)) == ["sin"]
        world.turn(State.UP, sjc)
        assert leaves(world.row("world", VA)) == ["sjc"]

    def test_all_down_uses_the_outer_pool_s_rule(self, world, four):
        world.down(*four)
        assert (leaves(world.row("world", VA)), world.row("world", VA).reason) == (["fra"], "backup:sorry")

    def test_the_least_ttl_of_all_levels(self, world):
        assert (world.row("world", SG).ttl, world.row("world", DE).ttl) == (20, 60)

    def test_an_explicit_site_is_where_it_stands(self, kit, four):
        world = kit.World(
            kit.pool("world", [kit.inside("eu", site="sin"), kit.inside("us")], kit.policy("nearest")),
            kit.pool("eu", four[:1], kit.policy("all")),
            kit.pool("us", four[1:2], kit.policy("all")),
        )
        assert [leaves(world.row("world", n)) for n in (DE, SG)] == [["iad"], ["fra"]]
        assert world.row("world", SG).groups[0].site == "sin"

    def test_the_partition_tells_apart_whom_the_children_tell_apart(self, kit, four):
        rules = FilterSpec("geo", {"DE": ["fra"], "default": ["iad"]})
        world = kit.World(
            kit.pool("outer", [kit.inside("inner")], kit.policy("all")),
            kit.pool("inner", four[:2], kit.written(rules)),
        )
        assert [leaves(world.row("outer", n)) for n in (DE, FR, VA)] == [["fra"], ["iad"], ["iad"]]

    def test_three_levels_and_weights(self, kit, four):
        world = kit.World(
            kit.pool("a", [kit.inside("b", 5), kit.inside("d", 1)], kit.policy("weighted")),
            kit.pool("b", [kit.inside("c")], kit.policy("all")),
            kit.pool("c", four[:2], kit.policy("failover")),
            kit.pool("d", four[2:], kit.policy("failover")),
        )
        assert [(g.weight, leaves(g.row)) for g in world.row("a").groups] == [(5, ["fra"]), (1, ["sjc"])]
        world.down(four[0], four[1])
        assert [(g.weight, leaves(g.row)) for g in world.row("a").groups] == [(1, ["sjc"])]
        world.down(*four)
        assert (world.row("a").reason, sorted(leaves(world.row("a")))) == ("all-down", ["fra", "iad", "sin", "sjc"][:4])

    def test_a_family_that_no_child_has(self, kit):
        four = [kit.member(site, v6=0) for site in kit.sites]
        world = kit.World(kit.pool("a", [kit.inside("b")], kit.policy("all")), kit.pool("b", four, kit.policy("all")))
        assert (world.row("a", kind=28).groups, world.row("a", kind=28).reason, world.row("a", kind=28).rcode) == ((), "", 0)

    def test_fail_if_counts_children(self, kit, four):
        how = kit.policy("all", members_below=2)
        how = how._replace(policy=replace(how.policy, filters=(FilterSpec("healthy", {"members_below": 2}),)))
        world = kit.World(
            kit.pool("a", [kit.inside("b"), kit.inside("c")], how, "servfail"),
            kit.pool("b", four[:1], kit.policy("all")),
            kit.pool("c", four[1:], kit.policy("all")),
        )
        assert world.row("a").rcode == 0
        world.down(four[0])
        assert (world.row("a").groups, world.row("a").rcode, world.row("a").reason) == ((), 2, "servfail")

    def test_loops_and_depths_beyond_four_end(self, kit, four):
        world = kit.World(kit.pool("a", [kit.inside("b")], kit.policy("all")), kit.pool("b", [kit.inside("a"), four[0]], kit.policy("all")))
        assert "fra" in leaves(world.row("a"))


class TestNames:
    TARGETS: ClassVar = [from_text(f"{name}.example.net.") for name in "abc"]

    def members(self):
        return [Member(n, (), None, w, target=t) for n, w, t in zip("abc", (3, 1, 1), self.TARGETS, strict=True)]

    @pytest.mark.parametrize(
        ("preset", "pick"), [("weighted", Pick.WEIGHTED), ("failover", Pick.WEIGHTED), ("all", Pick.ROTATE), ("round-robin", Pick.ROTATE)]
    )
    def test_one_cname_at_a_time(self, preset, pick, kit):
        world = kit.World(kit.pool("cdn", self.members(), kit.policy(preset)))
        [pool] = world.snapshot.pools.values()
        assert list(pool.rows) == list(pool.default) == [5]
        row = world.row("cdn", kind=5)
        assert (row.pick, row.answers, row.groups[0].rdata) == (pick, 1, (self.TARGETS[0],))

    def test_names_inside_pools(self, kit):
        world = kit.World(kit.pool("outer", [kit.inside("cdn")], kit.policy("all")), kit.pool("cdn", self.members(), kit.policy("failover")))
        assert list(world.snapshot.pools[world.compiler.pool_ids["outer"]].rows) == [5]
        assert world.row("outer", kind=5).groups[0].row.groups[0].rdata == (self.TARGETS[0],)


class TestFamilies:
    def test_a_dead_family_can_be_left_to_the_other(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("failover"), family_down="nodata"))
        world.down(*four, family=6)
        row = world.row(kind=28)
        assert (row.groups, row.rcode, row.reason) == ((), 0, "family-down")
        assert world.sites() == ["fra"]
        world.down(*four)  # then there is no other family to leave it to
        assert (world.row(kind=28).reason, len(world.row(kind=28).groups)) == ("all-down", 4)

    def test_joint_chooses_once_for_both(self, kit):
        members = [kit.member("fra", v6=0), kit.member("iad")]
        world = kit.World(kit.pool("web", members, kit.policy("failover"), joint=True))
        assert (world.sites(), world.row(kind=28).groups, world.row(kind=28).rcode) == (["fra"], (), 0)
        world.down(members[0])
        assert world.sites() == world.sites(kind=28) == ["iad"]
        assert world.snapshot.pools[world.compiler.pool_ids["web"]].couple == Sticky(key64("web"), 24, 56)

    def test_coupled_draws(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("weighted"), couple=True), kit.pool("other", four, kit.policy("weighted")))
        assert [world.snapshot.pools[world.compiler.pool_ids[n]].couple for n in ("web", "other")] == [Sticky(key64("web"), 24, 56), None]


class TestAllDown:
    def test_the_last_known_good(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("all"), "last_known_good"))
        for now, member in ((100.0, four[0]), (500.0, four[1]), (505.0, four[2])):
            world.now = now
            world.down(member)
        world.now = 510.0
        world.down(four[3])
        assert (world.sites(), world.row().reason) == (["iad", "sjc", "sin"], "last-known-good")  # within the 17 s that a check takes to notice

    def test_nobody_was_ever_up(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("all"), "last_known_good"))
        world.verdicts = {target: replace(verdict, state=State.DOWN, last_up=None) for target, verdict in world.verdicts.items()}
        world.go(1.0)
        assert (len(world.sites()), world.row().reason) == (4, "all-down")

    @pytest.mark.parametrize(("mode", "rcode"), [("nodata", 0), ("servfail", 2)])
    def test_nothing(self, mode, rcode, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("all"), mode))
        world.down(*four)
        row = world.row()
        assert (row.groups, row.rcode, row.reason) == ((), rcode, mode)


class TestSticky:
    def test_rows_say_what_they_stick_to(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("sticky")), kit.pool("byname", four, kit.policy("sticky", key=["qname"], v4=20)))
        row = world.row()
        assert (row.pick, row.answers, row.sticky) == (Pick.STICKY, 1, Sticky(key64("web"), 24, 56))
        assert [group.key for group in row.groups] == [key64(site) for site in kit.sites]
        assert world.row("byname").sticky == Sticky(key64("byname"), 0, 0, qname=True)

    def test_countries_are_regions_and_the_unknown_stick_by_network(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("sticky", key=["country"], v4=20)))
        assert world.snapshot.pools[world.compiler.pool_ids["web"]].partition != NO_PARTITION
        assert world.row(location=0).sticky == Sticky(key64("web"), 20, 56)
        assert world.row(location=VA).sticky == world.row(location=CA).sticky == Sticky(key64("web", "US"), 0, 0)

    def test_as_numbers_go_into_buckets(self, kit, four):
        from gslb.compiler.affinity import BUCKETS, Affinity

        keys = {Affinity(asn=True, country=False).client_key(Location(asn=n)) for n in range(1, 30_000)}
        assert len(keys) == BUCKETS
