"""What is explained is what is answered: random worlds, clients and states, against both engines.

400 clients here; `python -m gslb.testing.explained --clients 10000 --jobs 2` is the full size. Replies are read by dnspython.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dns.edns
import dns.message
import dns.name
import pytest

from gslb import explain as explaining
from gslb.answer import Env, NeedRow, answer
from gslb.explain import Question, explain
from gslb.names import from_text
from gslb.testing.engines import native_missing
from gslb.testing.explained import Check, check
from gslb.testing.explained.check import engines

WORLDS = 20
WANTED = {
    "IPv4", "IPv6", "client subnet", "placed by client", "placed by subnet", "placed by resolver", "special-purpose or holds IPv4",
    "pick first", "pick all", "pick rotate", "pick weighted", "pick sticky", "rule chain", "rule all-down", "rule backup",
    "assumed down", "assumed drained", "another time", "an operator's word",
}  # fmt: skip


@pytest.mark.timeout(300)  # some 10 s of CPU, on a machine that may be busy
def test_explained_is_what_both_engines_answer(record_property: Any) -> None:
    checked = Check(engines("python") if native_missing() else engines("python", "native"))
    for number in range(WORLDS):
        difference = checked.world(number)
        assert difference is None, str(difference)
    record_property("kinds", dict(checked.kinds))
    assert checked.cases == WORLDS * check.CLIENTS
    assert set(checked.kinds) >= WANTED, f"the worlds are too tame: {checked.kinds}"


def broken() -> Iterator[tuple[str, Any]]:
    """Explanations that are wrong in one place each."""

    def ttl(told: dict[str, Any]) -> None:
        if told["answer"]["ttl"]:
            told["answer"]["ttl"]["seconds"] += 1

    def scope(told: dict[str, Any]) -> None:
        if told["answer"]["scope"] is not None:
            told["answer"]["scope"] += 1

    def members(told: dict[str, Any]) -> None:
        told["answer"]["members"] = told["answer"]["members"][1:]

    def share(told: dict[str, Any]) -> None:
        for one in told["answer"]["members"]:
            one["share"] = 100 - one["share"]

    yield from {"TTL": ttl, "scope": scope, "is answered": members, "answers, explained": share}.items()


@pytest.mark.parametrize(("said", "wrong"), list(broken()))
def test_a_wrong_explanation_is_found(monkeypatch: pytest.MonkeyPatch, said: str, wrong: Any) -> None:
    def lie(*asked: Any) -> dict[str, Any]:
        told = explaining.explain(*asked)
        wrong(told)
        return told

    monkeypatch.setattr(check, "explain", lie)
    found = [str(difference) for number in range(3) if (difference := Check(engines("python")).world(number))]
    assert any(said in one for one in found), found


def asked(snapshot: Any, name: bytes, kind: int, client: Any, subnet: Any, draw: int) -> tuple[Any, int | None]:  # noqa: PLR0917  what a query is
    """Ask `answer()` over the wire form; the reply and the scope of its client subnet."""
    options = [dns.edns.ECSOption(str(subnet.network_address), subnet.prefixlen, 0)]
    query = dns.message.make_query(dns.name.from_wire(name, 0)[0], kind, use_edns=True, options=options)
    reply = answer(snapshot, query.to_wire(), client.packed, Env(draw, udp=False))
    message = dns.message.from_wire((reply.reply if isinstance(reply, NeedRow) else reply).wire)  # type: ignore[union-attr]
    return message, next((option.scopelen for option in message.options if isinstance(option, dns.edns.ECSOption)), None)


def test_hints_are_those_of_the_record(worlds: Any) -> None:
    hinted = 0
    for number in range(60):
        world = worlds.build(number)
        name, client, subnet = from_text("hints.example.com."), world.client(), world.subnet()
        told = explain(world.subject, Question(name, 65, client, subnet))
        allowed = {hint["type"]: {data for one in hint["answer"]["members"] for data in one["data"]} for hint in told["hints"]}
        assert set(allowed) == {"A", "AAAA"}
        for _ in range(5):
            message, scope = asked(world.subject.snapshot, name, 65, client, subnet, world.chance.getrandbits(64))
            assert scope == told["answer"]["scope"]
            params = message.answer[0][0].params
            for key, kind in ((4, "A"), (6, "AAAA")):
                given_now = set(params[key].addresses) if key in params else set()
                assert given_now <= allowed[kind]
                assert bool(given_now) == bool(allowed[kind]) or not all(one["data"] for hint in told["hints"] for one in hint["answer"]["members"])
                hinted += bool(given_now)
    assert hinted > 100
