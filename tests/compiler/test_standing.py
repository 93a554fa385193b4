"""Members' states from verdicts: the worst over an address's checks, the best over a member's addresses, families apart."""

from ipaddress import ip_address

import pytest

from gslb.compiler.standing import AAAA, CNAME, A, Standing, Terms, entrants, stand
from gslb.model import Check, Member, Model, Policy, Pool
from gslb.moment import Moment
from gslb.override import Kind, Level, Override
from gslb.verdict import State, Target, Verdict

CHECKS = {name: Check(name, "tcp", {}, 5.0, 2.0, 3, 10, 5, f"d-{name}") for name in ("web", "db")}
UP, DOWN, UNKNOWN = State.UP, State.DOWN, State.UNKNOWN


MODEL = Model({}, CHECKS, {}, {})


def standing(members: list[Member], kind: int, judged: dict[Target, Verdict], *, now: float = 0.0, overrides=(), **more: object) -> Standing:
    pool = Pool("web", tuple(members), Policy((), "all"), 0, 60, 10, **more)  # type: ignore[arg-type]
    return stand(entrants(MODEL, pool, kind), Moment(judged, now, tuple(overrides)), Terms.of(pool, since=True))


def member(*addresses: str, checks: tuple[str, ...] = ("web",), **more: object) -> Member:
    return Member("m", tuple(ip_address(a) for a in addresses), "fra", 3, checks=checks, **more)  # type: ignore[arg-type]


def verdicts(**states: tuple[str, State, int]) -> dict[Target, Verdict]:
    return {
        Target(check.rstrip("0123456789"), f"d-{check.rstrip('0123456789')}", address): Verdict(state, 0.0, grade)
        for check, (address, state, grade) in states.items()
    }


ONE, TWO, SIX = "192.0.2.1", "192.0.2.2", "2001:db8::1"

CASES = [
    ("no check: up", member(ONE, TWO, checks=()), {}, (UP, 100, [ONE, TWO])),
    ("no verdict: unknown", member(ONE), {}, (UNKNOWN, 100, [ONE])),
    ("one of two addresses up: that one is served", member(ONE, TWO), verdicts(web=(ONE, DOWN, 100), web2=(TWO, UP, 100)), (UP, 100, [TWO])),
    ("up beats unknown", member(ONE, TWO), verdicts(web=(TWO, UP, 100)), (UP, 100, [TWO])),
    ("unknown beats down", member(ONE, TWO), verdicts(web=(ONE, DOWN, 100)), (UNKNOWN, 100, [TWO])),
    ("all down: all are kept", member(ONE, TWO), verdicts(web=(ONE, DOWN, 0), web2=(TWO, DOWN, 0)), (DOWN, 0, [ONE, TWO])),
    ("all checks must pass", member(ONE, checks=("web", "db")), verdicts(web=(ONE, UP, 100), db=(ONE, DOWN, 100)), (DOWN, 100, [ONE])),
    ("a check without news", member(ONE, checks=("web", "db")), verdicts(web=(ONE, UP, 100)), (UNKNOWN, 100, [ONE])),
    ("the worst grade", member(ONE, checks=("web", "db")), verdicts(web=(ONE, UP, 80), db=(ONE, UP, 60)), (UP, 60, [ONE])),
    ("the grade of what is served", member(ONE, TWO), verdicts(web=(ONE, DOWN, 0), web2=(TWO, UP, 90)), (UP, 90, [TWO])),
    ("probed elsewhere", member(ONE, check_address={ip_address(ONE): ip_address(TWO)}), verdicts(web=(TWO, UP, 100)), (UP, 100, [ONE])),
]


@pytest.mark.parametrize(("one", "judged", "expected"), [pytest.param(*case, id=name) for name, *case in CASES])
def test_a_member_s_state_and_what_it_serves(one, judged, expected):
    found = standing([one], A, judged)
    [candidate], rdata = found.candidates, found.rdata
    state, grade, served = expected
    assert (candidate.state, candidate.grade, candidate.weight, candidate.site) == (state, grade, 3, "fra")
    assert rdata == {0: tuple(ip_address(a).packed for a in served)}


def test_families_are_judged_apart():
    one = member(ONE, SIX)
    judged = verdicts(web=(ONE, DOWN, 100), web2=(SIX, UP, 100))
    assert [standing([one], kind, judged).candidates[0].state for kind in (A, AAAA)] == [DOWN, UP]


def test_a_member_without_the_family_does_not_exist_for_it_and_places_stay():
    members = [member(SIX), member(ONE)]
    assert [c.index for c in standing(members, A, {}).candidates] == [1]
    assert [c.index for c in standing(members, AAAA, {}).candidates] == [0]


def seen(*verdicts: Verdict) -> dict[Target, Verdict]:
    """Verdicts of the checks web and db at one address."""
    return {Target(name, f"d-{name}", ONE): verdict for name, verdict in zip(CHECKS, verdicts, strict=True)}


@pytest.mark.parametrize(
    ("need", "web", "db", "state"),
    [(0, UP, DOWN, DOWN), (1, UP, DOWN, UP), (1, UNKNOWN, DOWN, UNKNOWN), (1, DOWN, DOWN, DOWN), (2, UP, UP, UP), (2, UP, UNKNOWN, UNKNOWN)],
)
def test_how_many_checks_must_pass(need, web, db, state):
    [candidate] = standing([member(ONE, checks=("web", "db"), need=need)], A, seen(Verdict(web, 0.0), Verdict(db, 0.0))).candidates
    assert candidate.state is state


def test_since_and_last_up_of_several_checks():
    both = seen(Verdict(UP, 50.0, last_up=50.0), Verdict(UP, 90.0, last_up=90.0))
    assert standing([member(ONE, checks=("web", "db"))], A, both).candidates[0].since == 90.0
    one = seen(Verdict(UP, 50.0, last_up=50.0), Verdict(DOWN, 90.0, last_up=40.0))
    assert standing([member(ONE, checks=("web", "db"))], A, one).last_up == {0: 40.0}
    assert standing([member(ONE, checks=("web", "db"), need=1)], A, one).last_up == {0: 50.0}


class TestFailbackDelay:
    def test_a_member_that_came_up_rests_as_if_unknown(self):
        found = standing([member(ONE)], A, {Target("web", "d-web", ONE): Verdict(UP, 100.0)}, now=159.0, failback_delay=60.0)
        assert (found.candidates[0].state, found.edges) == (UNKNOWN, [160.0])
        found = standing([member(ONE)], A, {Target("web", "d-web", ONE): Verdict(UP, 100.0)}, now=160.0, failback_delay=60.0)
        assert (found.candidates[0].state, found.edges) == (UP, [])

    def test_an_address_of_its_own_does_not_take_the_member_back(self):
        judged = {Target("web", "d-web", ONE): Verdict(UP, 100.0), Target("web", "d-web", TWO): Verdict(UP, 0.0)}
        found = standing([member(ONE, TWO)], A, judged, now=120.0, failback_delay=60.0)
        assert (found.candidates[0].state, found.rdata[0]) == (UP, (ip_address(TWO).packed,))

    def test_what_is_unchecked_or_down_does_not_rest(self):
        assert standing([member(ONE, checks=())], A, {}, failback_delay=60.0).candidates[0].state is UP
        assert standing([member(ONE)], A, verdicts(web=(ONE, DOWN, 0)), now=1.0, failback_delay=60.0).candidates[0].state is DOWN


class TestOverrides:
    def said(self, kind, level=Level.MEMBER, **more):
        return Override(kind, level, **{"site": "fra", "pool": "web", "member": "m", **more})

    def standing(self, *overrides, state=UP):
        return standing([member(ONE)], A, {Target("web", "d-web", ONE): Verdict(state, 0.0, 70)}, now=10.0, overrides=overrides)

    @pytest.mark.parametrize("kind", [Kind.DOWN, Kind.DRAIN])
    @pytest.mark.parametrize("level", Level)
    def test_who_is_taken_out_stays_in_reserve(self, kind, level):
        found = self.standing(self.said(kind, level))
        assert (found.candidates, [c.id for c in found.reserve], found.rdata) == ((), ["m"], {0: (ip_address(ONE).packed,)})

    def test_up_is_up_whatever_checks_say(self):
        [candidate] = self.standing(self.said(Kind.UP), state=DOWN).candidates
        assert (candidate.state, candidate.grade) == (UP, 100)

    def test_weight(self):
        [candidate] = self.standing(self.said(Kind.WEIGHT, weight=9)).candidates
        assert (candidate.weight, candidate.state, candidate.grade) == (9, UP, 70)

    def test_an_expiry_is_an_edge(self):
        assert self.standing(self.said(Kind.UP, expires=50.0)).edges == [50.0]


class TestNames:
    NAME = b"\1x\7example\0"

    def test_a_name_without_a_place_to_check_it_is_up(self):
        found = standing([Member("x", (), target=self.NAME, checks=("web",))], CNAME, {})
        assert (found.candidates[0].state, found.rdata) == (UP, {0: (self.NAME,)})

    def test_a_name_is_checked_elsewhere(self):
        one = Member("x", (), target=self.NAME, checks=("web",), check_at=(ip_address(ONE), ip_address(TWO)))
        judged = verdicts(web=(ONE, DOWN, 0), web2=(TWO, UP, 100))
        found = standing([one], CNAME, judged)
        assert (found.candidates[0].state, found.rdata) == (UP, {0: (self.NAME,)})
        assert standing([one], CNAME, verdicts(web=(ONE, DOWN, 0), web2=(TWO, DOWN, 0))).candidates[0].state is DOWN


class TestJoint:
    MEMBERS = (Member("a", (ip_address(ONE), ip_address(SIX)), checks=("web",)), Member("b", (ip_address(TWO),), checks=("web",)))

    def test_both_families_have_the_same_candidates(self):
        judged = verdicts(web=(ONE, DOWN, 0), web2=(SIX, UP, 100), web3=(TWO, UP, 100))
        four, six = (standing(list(self.MEMBERS), kind, judged, joint=True) for kind in (A, AAAA))
        assert four.candidates == six.candidates
        assert [c.state for c in four.candidates] == [UP, UP]
        assert (four.rdata[0], six.rdata) == ((ip_address(ONE).packed,), {0: (ip_address(SIX).packed,), 1: ()})

    def test_a_dead_family_of_a_living_member_can_be_left_out(self):
        judged = verdicts(web=(ONE, DOWN, 0), web2=(SIX, UP, 100))
        assert standing([self.MEMBERS[0]], A, judged, joint=True, family_down="nodata").rdata == {0: ()}


def test_who_is_on_the_way():
    judged = {Target("web", "d-web", ONE): Verdict(UP, 0.0, seconds_to_change=10.0), Target("web", "d-web", TWO): Verdict(UP, 0.0)}
    assert standing([member(ONE), member(TWO)], A, judged).soon == {0: 10.0}


@pytest.mark.parametrize(("changed", "since", "state"), [(False, None, UP), (True, 90.0, UNKNOWN)])
def test_what_was_up_when_first_seen_has_not_come_back(changed, since, state):
    judged = {Target("web", "d-web", ONE): Verdict(UP, 90.0, changed=changed)}
    [found] = standing([member(ONE)], A, judged, now=100.0, failback_delay=60.0).candidates
    assert (found.since, found.state) == (since, state)
