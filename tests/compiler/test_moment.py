"""What a compile depends on besides verdicts: overrides and the clock; and how long answers live while something is about to change."""

import pytest

from gslb.compiler.lifetime import Lifetime
from gslb.model import FilterSpec
from gslb.override import Kind, Level, Override
from gslb.verdict import State

DAY = 86_400.0
UP, DOWN = State.UP, State.DOWN


@pytest.fixture
def four(kit):
    return [kit.member(site) for site in kit.sites]


def say(kind, site, level=Level.MEMBER, **more):
    return Override(kind, level, site=site, pool="web", member=site, **more)


class TestOverrides:
    @pytest.mark.parametrize("kind", [Kind.DOWN, Kind.DRAIN])
    def test_who_is_taken_out_gets_no_clients(self, kind, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("nearest")))
        world.go(1.0, say(kind, "fra"))
        assert world.sites(location=1) == ["iad"]

    def test_also_where_health_is_ignored(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("failover")._replace(policy=kit.written("priority").policy)))
        world.go(1.0, say(Kind.DRAIN, "fra"))
        assert world.sites() == ["iad"]

    def test_all_down_leaves_them_out_unless_nothing_else_is_left(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("all")))
        world.down(*four)
        world.go(1.0, say(Kind.DRAIN, "fra"), say(Kind.DOWN, "iad"))
        assert (world.sites(), world.row().reason) == (["sjc", "sin"], "all-down")
        world.go(1.0, *(say(Kind.DRAIN, site) for site in kit.sites))
        assert (world.sites(), world.row().reason) == (list(kit.sites), "all-down")

    def test_an_operator_s_up_beats_every_check(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("all")))
        world.down(*four)
        world.go(1.0, say(Kind.UP, "sin", Level.SITE))
        assert (world.sites(), world.row().reason) == (["sin"], "")

    def test_weight(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("weighted")))
        world.go(1.0, say(Kind.WEIGHT, "sin", weight=7), say(Kind.WEIGHT, "fra", weight=0))
        assert [(g.site, g.weight) for g in world.row().groups] == [("iad", 1), ("sjc", 1), ("sin", 7)]

    def test_a_pool_taken_out_uses_its_backup(self, kit, four):
        world = kit.World(kit.pool("web", four[:2], kit.policy("all"), "backup:sorry"), kit.pool("sorry", four[2:], kit.policy("all")))
        world.go(1.0, Override(Kind.DOWN, Level.POOL, pool="web"))
        assert (world.sites(), world.row().reason) == (["sjc", "sin"], "backup:sorry")

    def test_an_update_finds_the_pools_whose_overrides_came_went_or_expired(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("all")), kit.pool("other", four[:2], kit.policy("all")))
        steps = [
            (1.0, (say(Kind.DOWN, "sin"),), {"web"}),
            (2.0, (say(Kind.DOWN, "sin", Level.SITE, expires=10.0),), {"web"}),
            (9.9, (say(Kind.DOWN, "sin", Level.SITE, expires=10.0),), {"web"}),  # its end is nearer than the TTL
            (10.0, (say(Kind.DOWN, "sin", Level.SITE, expires=10.0),), {"web"}),
            (11.0, (), {"web"}),
            (12.0, (say(Kind.DRAIN, "fra", Level.SITE),), {"web", "other"}),
        ]
        names = {number: name for name, number in world.compiler.pool_ids.items()}
        for now, overrides, touched in steps:
            was, before = world.moment, world.snapshot
            world.now, world.overrides = now, overrides
            world.snapshot = world.compiler.update(before, (), world.verdicts, 2, now=now, overrides=overrides, was=was)
            assert {names[n] for n, one in world.snapshot.pools.items() if one is not before.pools[n]} <= touched
            assert world.snapshot == world.compiler.compile(world.verdicts, 2, now=now, overrides=overrides)


class TestClock:
    def test_a_schedule_opens_and_closes(self, kit, four):
        schedule = FilterSpec("schedule", {"fra": ["08:00-18:00"]})
        world = kit.World(kit.pool("web", four, kit.written(schedule, "priority")))
        assert world.sites() == ["iad"]
        edge = world.compiler.next_edge(world.moment)
        assert edge == 8 * 3600 - 60  # from then on a TTL of 60 would outlive the opening
        seen = []
        while world.now < DAY:
            was = world.moment
            world.now = world.compiler.next_edge(was)
            before = world.snapshot
            world.snapshot = world.compiler.update(before, (), world.verdicts, 2, now=world.now, was=was)
            assert world.snapshot == world.compiler.compile(world.verdicts, 2, now=world.now)
            seen.append((world.now, world.sites()[0], world.row().ttl))
        hours = 3600
        assert seen[:7] == [
            (8 * hours - 60, "iad", 30),
            (8 * hours - 30, "iad", 15),
            (8 * hours - 15, "iad", 10),
            (8 * hours, "fra", 60),
            (18 * hours - 60, "fra", 30),
            (18 * hours - 30, "fra", 15),
            (18 * hours - 15, "fra", 10),
        ]

    def test_no_answer_outlives_an_edge_but_by_the_least_ttl(self, kit, four):
        ramp = FilterSpec("ramp", {"over": 300.0, "step": 60.0})
        world = kit.World(kit.pool("web", four, kit.written(ramp, pick="weighted"), failback_delay=40.0))
        world.now = 1000.0
        world.set(four[0], UP)
        world.go(1000.0)
        seen, at = [], 1000.0
        while at < 1400 and (edge := world.compiler.next_edge(world.moment)) is not None:
            row = world.row()
            shares = {g.site: g.weight for g in row.groups}
            seen.append((at, shares.get("fra", 0) / sum(shares.values()), row.ttl))
            at = edge
            world.go(at)
        shares = [share for _, share, _ in seen]
        assert shares == sorted(shares)
        changes = [a for (a, was, _), (_, now, _) in zip(seen[1:], seen, strict=False) if was != now]
        for at, _, ttl in seen:
            following = min((change for change in changes if change > at), default=1e9)
            assert at + ttl <= following or ttl == 10
        assert world.compiler.next_edge(world.moment) is None
        assert world.row().ttl == 60

    def test_a_pool_inside_hands_its_edges_up(self, kit, four):
        schedule = FilterSpec("schedule", {"fra": ["08:00-18:00"]})
        world = kit.World(
            kit.pool("web", [kit.inside("eu"), kit.inside("us")], kit.policy("failover")),
            kit.pool("eu", four[:1], kit.written(schedule)),
            kit.pool("us", four[1:], kit.policy("all")),
        )
        assert world.row("us").ttl == 60
        world.go(8 * 3600 - 20.0)
        assert world.row("web").ttl == 15
        was = world.moment
        world.now = 8 * 3600.0
        world.snapshot = world.compiler.update(world.snapshot, (), world.verdicts, 2, now=world.now, was=was)
        assert [group.row.groups[0].site for group in world.row("web").groups] == ["fra"]


class TestCalculatedTtl:
    def test_counters_at_rest_give_the_maximum(self, kit, four):
        assert kit.World(kit.pool("web", four, kit.policy("nearest"))).row().ttl == 60

    @pytest.mark.parametrize(("seconds", "ttl"), [(45.0, 45), (10.9, 10), (5.0, 10), (600.0, 60)])
    def test_a_chosen_member_on_its_way_down(self, seconds, ttl, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("nearest")))
        world.soon(four[0], UP, seconds)
        assert (world.row(location=1).ttl, world.row(location=2).ttl) == (ttl, 60)  # only where fra is given

    def test_a_better_member_on_its_way_up(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("failover")))
        world.soon(four[0], DOWN, 25.0)
        assert (world.sites(), world.row().ttl) == (["iad"], 25)
        world.soon(four[0], UP, None)
        world.soon(four[2], DOWN, 25.0)  # ranked below: its return would change nothing
        assert (world.sites(), world.row().ttl) == (["fra"], 60)

    def test_the_least_of_several(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("weighted")))
        world.soon(four[0], UP, 40.0)
        world.soon(four[1], UP, 20.0)
        world.soon(four[2], DOWN, 30.0)
        assert world.row().ttl == 20

    def test_while_all_are_down_a_recovery_is_awaited(self, kit, four):
        world = kit.World(kit.pool("web", four[:2], kit.policy("all"), "backup:sorry"), kit.pool("sorry", four[2:], kit.policy("all"), ttl=(300, 30)))
        world.down(*four[:2])
        assert world.row().ttl == 300
        world.soon(four[0], DOWN, 20.0)
        assert (world.row().ttl, world.row().reason) == (20, "backup:sorry")

    def test_a_pool_inside_hands_it_up(self, kit, four):
        world = kit.World(
            kit.pool("web", [kit.inside("eu"), kit.inside("us")], kit.policy("failover")),
            kit.pool("eu", four[:1], kit.policy("all"), ttl=(120, 10)),
            kit.pool("us", four[1:], kit.policy("all")),
        )
        world.soon(four[0], UP, 30.0)
        assert world.row("web").ttl == 30
        world.soon(four[0], DOWN, 15.0)
        assert (world.row("web").ttl, world.row("web").groups[0].row.groups[0].site) == (15, "iad")

    def test_bounds_that_are_equal_leave_nothing_to_calculate(self, kit, four):
        world = kit.World(kit.pool("web", four, kit.policy("all"), ttl=(30, 30)))
        world.soon(four[0], UP, 3.0)
        assert world.row().ttl == 30


def test_lifetimes_are_halved_towards_an_edge():
    life = Lifetime(60, 10)
    assert [life.before(left) for left in (None, 1000.0, 60.1, 60.0, 30.1, 30.0, 15.0, 3.0)] == [60, 60, 60, 30, 30, 15, 10, 10]
    at, seen = 0.0, []
    while at < 100:
        at = life.lowered(100.0, at)
        seen.append(at)
    assert seen == [40.0, 70.0, 85.0, 100.0]
