"""Members' states from verdicts: the worst over an address's checks, the best over a member's addresses, families apart."""

from ipaddress import ip_address

import pytest

from gslb.compiler.standing import AAAA, A, entrants, stand
from gslb.model import Check, Member, Model
from gslb.verdict import State, Target, Verdict

CHECKS = {name: Check(name, "tcp", {}, 5.0, 2.0, 3, 10, 5, f"d-{name}") for name in ("web", "db")}
UP, DOWN, UNKNOWN = State.UP, State.DOWN, State.UNKNOWN


def model(*members: Member) -> Model:
    return Model({}, CHECKS, {}, {})


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
    [candidate], rdata = stand(entrants(model(one), [one], A), judged)
    state, grade, served = expected
    assert (candidate.state, candidate.grade, candidate.weight, candidate.site) == (state, grade, 3, "fra")
    assert rdata == {0: tuple(ip_address(a).packed for a in served)}


def test_families_are_judged_apart():
    one = member(ONE, SIX)
    judged = verdicts(web=(ONE, DOWN, 100), web2=(SIX, UP, 100))
    assert [stand(entrants(model(one), [one], kind), judged).candidates[0].state for kind in (A, AAAA)] == [DOWN, UP]


def test_a_member_without_the_family_does_not_exist_for_it_and_places_stay():
    members = [member(SIX), member(ONE)]
    assert [c.index for c in stand(entrants(model(*members), members, A), {}).candidates] == [1]
    assert [c.index for c in stand(entrants(model(*members), members, AAAA), {}).candidates] == [0]
