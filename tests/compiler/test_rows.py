"""What a pool answers: chains, families, weights, and what happens when all are down."""

from ipaddress import ip_address

import pytest

from gslb.model import FilterSpec, Member
from gslb.plan import Pick
from gslb.policy.candidate import FAIL_OPEN
from gslb.verdict import State

GEO = {"EU": ["fra"], "NA": ["iad", "sjc"], "default": ["iad", "fra"]}
DE, VA, CA, SG = 1, 2, 3, 4


@pytest.fixture
def four(kit):
    return lambda **more: [kit.member(site, **more) for site in kit.sites]


@pytest.mark.parametrize(
    "case",
    [
        ("failover", {}, Pick.WEIGHTED, 1, {DE: "fra", VA: "fra", 0: "fra"}),
        ("round-robin", {}, Pick.ROTATE, 8, {DE: "fra iad sjc sin", 0: "fra iad sjc sin"}),
        ("weighted", {}, Pick.WEIGHTED, 1, {DE: "fra iad sjc sin"}),
        ("nearest", {}, Pick.WEIGHTED, 1, {DE: "fra", VA: "iad", CA: "sjc", SG: "sin", 0: "fra"}),
        ("geo", GEO, Pick.WEIGHTED, 1, {DE: "fra", VA: "iad", CA: "iad", SG: "iad", 0: "iad"}),
        ("all", {}, Pick.ALL, 0, {DE: "fra iad sjc sin"}),
    ],
)
def test_presets(case, kit, four):
    name, options, pick, answers, expected = case
    world = kit.World(kit.pool("web", four(), kit.policy(name, **options)))
    for location, sites in expected.items():
        row = world.row(location=location)
        assert (row.pick, row.answers, row.ttl, row.reason, row.rcode) == (pick, answers, 60, "", 0)
        assert world.sites(location=location) == sites.split()


def test_a_dead_site_leaves_and_comes_back(kit, four):
    members = four()
    world = kit.World(kit.pool("web", members, kit.policy("nearest")))
    world.down(members[0])
    assert (world.sites(location=DE), world.sites(location=VA)) == (["iad"], ["iad"])
    world.down(members[1])
    assert world.sites(location=DE) == ["sjc"]
    world.turn(State.UP, members[0])
    assert (world.sites(location=DE), world.row(location=DE).reason) == (["fra"], "")


def test_unknown_members_are_served_only_where_none_is_up(kit, four):
    members = four()
    world = kit.World(kit.pool("web", members, kit.policy("all")))
    world.turn(State.UNKNOWN, members[0])
    assert world.sites() == ["iad", "sjc", "sin"]
    world.down(*members[1:])
    assert (world.sites(), world.row().reason) == (["fra"], "")


class TestAllDown:
    @pytest.mark.parametrize("name", ["failover", "round-robin", "weighted", "nearest", "all"])
    @pytest.mark.parametrize("location", range(6))
    def test_by_default_every_member_is_answered(self, name, location, kit, four):
        members = four()
        world = kit.World(kit.pool("web", members, kit.policy(name)))
        world.down(*members)
        row = world.row(location=location)
        assert (row.pick, row.answers, row.reason, row.rcode) == (Pick.ROTATE, FAIL_OPEN, "all-down", 0)
        assert sorted(world.sites(location=location)) == sorted(kit.sites)

    def test_at_most_eight_answers_of_many_members(self, kit):
        many = [Member(f"m{n}", (ip_address(f"192.0.2.{n}"),), checks=("web",)) for n in range(1, 21)]
        world = kit.World(kit.pool("web", many, kit.policy("round-robin")), kit.pool("order", many, kit.policy("failover")))
        world.down(*many)
        assert (world.row().answers, len(world.row().groups)) == (8, 20)  # rotated over all: the load is spread though all seem down
        assert [g.rdata[0][3] for g in world.row("order").groups] == [*range(1, 9)]

    def test_limits_are_left_out_and_the_map_stays(self, kit, four):
        members = four()
        world = kit.World(kit.pool("web", members, kit.policy("geo", **GEO)))
        world.down(*members)
        assert [world.sites(location=n) for n in (DE, VA, SG)] == [["fra"], ["iad", "sjc"], ["iad", "fra"]]

    def test_without_a_fence_a_map_that_lists_no_member_leaves_all(self, kit):
        members = [kit.member("fra", v6=0), kit.member("sin")]
        world = kit.World(kit.pool("web", members, kit.policy("geo", default=["fra"])))
        assert (world.sites(), world.row().reason) == (["fra"], "")
        assert (world.sites(kind=28), world.row(kind=28).reason) == (["sin"], "all-down")

    def test_a_fence_binds(self, kit, four):
        members = four()
        world = kit.World(kit.pool("web", members, kit.policy("geo", **GEO, fence=True)))
        world.down(members[0])
        assert [(world.sites(location=n), world.row(location=n).reason) for n in (DE, VA)] == [(["fra"], "all-down"), (["iad"], "")]

    def test_a_fence_without_a_member_of_the_family_is_servfail_never_nodata(self, kit):
        """RFC 7871 section 7.4: an empty answer may be shared with clients outside the fence."""
        world = kit.World(kit.pool("web", [kit.member("fra", v6=0), kit.member("iad")], kit.policy("geo", **GEO, fence=True)))
        row = world.row(location=DE, kind=28)
        assert (row.groups, row.rcode, row.reason) == ((), 2, "fenced")
        assert world.sites(location=VA, kind=28) == ["iad"]

    def test_primary(self, kit, four):
        members = four()
        world = kit.World(
            kit.pool("web", members, kit.policy("nearest"), "primary"), kit.pool("fenced", members, kit.policy("geo", **GEO, fence=True), "primary")
        )
        world.down(*members)
        row = world.row(location=SG)
        assert (row.pick, row.answers, row.reason, world.sites(location=SG)) == (Pick.FIRST, 1, "primary", ["fra"])
        assert [world.sites("fenced", n) for n in (DE, VA)] == [["fra"], ["iad"]]

    def test_backup(self, kit, four):
        members = four()
        sorry = Member("sorry", (ip_address("192.0.2.99"),))
        world = kit.World(
            kit.pool("web", members, kit.policy("nearest"), "backup:sorry"), kit.pool("sorry", [sorry], kit.policy("all"), ttl=(30, 30))
        )
        world.down(*members)
        row = world.row(location=SG)
        assert (row.pick, row.ttl, row.reason, [g.rdata for g in row.groups]) == (Pick.ALL, 30, "backup:sorry", [(ip_address("192.0.2.99").packed,)])
        assert world.row(kind=28).groups == ()  # the backup has no IPv6 address: NODATA, and clients use A

    def test_a_backup_s_backup(self, kit, four):
        members = four()
        world = kit.World(
            kit.pool("a", members[:1], kit.policy("all"), "backup:b"),
            kit.pool("b", members[1:2], kit.policy("all"), "backup:c"),
            kit.pool("c", members[2:], kit.policy("nearest")),
        )
        world.down(members[0])
        assert (world.sites("a"), world.row("a").reason) == (["iad"], "backup:b")
        world.down(members[1])
        assert (world.sites("a", CA), world.row("a", CA).reason) == (["sjc"], "backup:b backup:c")
        assert (world.sites("a", SG), world.row("b", SG).reason) == (["sin"], "backup:c")
        world.down(*members[2:])
        assert (sorted(world.sites("a", SG)), world.row("a", SG).reason) == (["sin", "sjc"], "backup:b backup:c all-down")

    def test_backups_in_a_loop_end(self, kit, four):
        """Lint refuses it; the compiler is total nevertheless."""
        members = four()
        world = kit.World(kit.pool("a", members[:2], kit.policy("all"), "backup:b"), kit.pool("b", members[2:], kit.policy("all"), "backup:a"))
        world.down(*members)
        assert world.row("a").groups
        assert world.row("a").reason == "backup:b backup:a backup:b all-down"
        world = kit.World(kit.pool("self", members, kit.policy("all"), "backup:self"), kit.pool("gone", members, kit.policy("all"), "backup:nowhere"))
        world.down(*members)
        assert len(world.sites("self")) == len(world.sites("gone")) == 4

    def test_the_families_apart(self, kit, four):
        members = four()
        world = kit.World(kit.pool("web", members, kit.policy("failover")))
        world.down(*members, family=6)
        assert (world.row().reason, world.sites()) == ("", ["fra"])
        assert (world.row(kind=28).reason, len(world.sites(kind=28))) == ("all-down", 4)


def test_a_family_that_no_member_has_is_nodata(kit, four):
    world = kit.World(kit.pool("web", four(v6=0), kit.policy("nearest")))
    row = world.row(kind=28)
    assert (row.groups, row.rcode, row.reason) == ((), 0, "")


def test_a_chain_written_out_and_a_pool_that_ignores_health(kit, four):
    members = four()
    links = [FilterSpec("geo", {"NA": ["sjc", "iad"], "default": ["fra", "sin", "iad"]}), FilterSpec("limit", {"sites": 2})]
    world = kit.World(kit.pool("web", members, kit.written(*links)))
    assert (world.row(location=CA).pick, world.sites(location=CA), world.sites(location=DE)) == (Pick.FIRST, ["sjc", "iad"], ["fra", "sin"])
    world.down(members[0])
    assert world.sites(location=DE) == ["sin", "iad"]


class TestWeights:
    def test_zero_is_used_only_where_no_positive_weight_is_left(self, kit):
        members = [kit.member("fra", 0), kit.member("iad", 3), kit.member("sjc", 1), kit.member("sin", 0)]
        for name in ("weighted", "failover", "nearest", "round-robin", "all"):
            world = kit.World(kit.pool("web", members, kit.policy(name)))
            assert "fra" not in world.sites(location=DE), name
            world.down(members[1], members[2])
            assert (world.sites(location=DE)[0], world.row(location=DE).reason) == ("fra", ""), name

    def test_where_none_is_positive_all_are_equal(self, kit):
        world = kit.World(kit.pool("web", [kit.member("fra", 0), kit.member("iad", 0)], kit.policy("weighted")))
        assert [g.weight for g in world.row().groups] == [1, 1]

    def test_huge_weights_are_scaled_into_bounds(self, kit):
        world = kit.World(kit.pool("web", [kit.member("fra", 2**40), kit.member("iad", 2**41), kit.member("sin", 1)], kit.policy("weighted")))
        fra, iad, sin = (g.weight for g in world.row().groups)
        assert fra + iad + sin < 2**32
        assert abs(iad / fra - 2) < 1e-6
        assert sin == 1

    def test_zero_weights_when_all_are_down(self, kit):
        members = [kit.member("fra", 0), kit.member("iad")]
        world = kit.World(kit.pool("web", members, kit.policy("weighted")))
        world.down(*members)
        assert world.sites() == ["iad"]

    def test_inside_a_fence_zero_weights_come_before_leaving_it(self, kit):
        members = [kit.member("fra", 0), kit.member("iad")]
        world = kit.World(kit.pool("web", members, kit.policy("geo", EU=["fra"], default=["iad"], fence=True)))
        assert world.sites(location=DE) == ["fra"]


def test_a_member_with_two_addresses_is_one_group_and_loses_one_alone(kit):
    two = kit.member("fra", v4=2)
    world = kit.World(kit.pool("web", [two, kit.member("iad")], kit.policy("all")))
    assert [len(g.rdata) for g in world.row().groups] == [2, 1]
    [first, *_] = (t for t in world.verdicts if t.address == str(two.addresses[0]))
    world.verdicts[first] = world.verdicts[first].__class__(State.DOWN, 1.0)
    world.snapshot = world.compiler.update(world.snapshot, [first], world.verdicts, 2)
    assert [g.rdata for g in world.row().groups] == [(two.addresses[1].packed,), (kit.member("iad").addresses[0].packed,)]


def test_ttl_is_the_maximum_and_never_below_the_minimum(kit, four):
    world = kit.World(kit.pool("web", four(), kit.policy("all"), ttl=(300, 20)), kit.pool("odd", four(), kit.policy("all"), ttl=(5, 20)))
    assert (world.row().ttl, world.row("odd").ttl) == (300, 20)
    assert world.snapshot.pools[world.compiler.pool_ids["web"]].default[1].ttl == 20
