"""What is explained is what is answered: random worlds, clients and states, against `answer()` over the compiled snapshot.

1,000 by default; GSLB_EXPLAIN_CLIENTS=10000 for the full size. Replies are read by dnspython, queries made by it.
"""

from __future__ import annotations

import math
import os
import random
from collections import Counter
from typing import Any

import dns.edns
import dns.message
import dns.name
import dns.rcode
import pytest

from gslb.answer import Env, NeedRow, answer
from gslb.explain import Question, explain, text
from gslb.names import from_text

CLIENTS = int(os.environ.get("GSLB_EXPLAIN_CLIENTS", "1000"))
EACH = 20  # clients of one world
DRAWS = 24  # answers that are counted for each client


def asked(snapshot: Any, name: bytes, kind: int, client: Any, subnet: Any, draw: int) -> tuple[Any, int | None]:  # noqa: PLR0917  what a query is
    """Ask `answer()` over the wire form; the reply and the scope of its client subnet."""
    options = [] if subnet is None else [dns.edns.ECSOption(str(subnet.network_address), subnet.prefixlen, 0)]
    query = dns.message.make_query(dns.name.from_wire(name, 0)[0], kind, use_edns=True, options=options)
    reply = answer(snapshot, query.to_wire(), client.packed, Env(draw, udp=False))
    message = dns.message.from_wire((reply.reply if isinstance(reply, NeedRow) else reply).wire)  # type: ignore[union-attr]
    scope = next((option.scopelen for option in message.options if isinstance(option, dns.edns.ECSOption)), None)
    return message, scope


def given(message: Any, kind: int) -> tuple[int | None, list[str]]:
    """TTL and data of the records that a pool gave."""
    for rrset in message.answer:
        if rrset.rdtype == kind:
            return rrset.ttl, [rdata.to_text() for rdata in rrset]
    return None, []


def close(counted: int, share: float) -> bool:
    """Whether a count agrees with a share: five standard deviations, and two more for small numbers."""
    return abs(counted - share * DRAWS) <= 5 * math.sqrt(DRAWS * share * (1 - share)) + 2


def compare(world: Any, chance: random.Random) -> dict[str, Any]:
    """Explain one random question, and hold the explanation to the answers."""
    name, kind = chance.choice(world.names), chance.choice([1, 28])
    client, subnet = world.client(), world.subnet() if chance.random() < 0.6 else None
    told = explain(world.subject, Question(name, kind, client, subnet))
    where = (told["summary"], text(told))
    shares = told["answer"]["members"]
    pooled = told["decision"]
    by_data = {data: one for one in shares for data in one["data"]}
    kind = 5 if pooled and pooled["type"] == 5 else kind
    seen: Counter[str] = Counter()
    for _ in range(DRAWS if pooled and not told["answer"]["always"] else 3):
        message, scope = asked(world.subject.snapshot, name, kind if kind != 5 else 1, client, subnet, chance.getrandbits(64))
        assert dns.rcode.to_text(message.rcode()) == told["answer"]["rcode"], where
        assert scope == told["answer"]["scope"], where
        if not pooled:
            continue
        assert pooled["agrees"] is not False, where
        ttl, data = given(message, kind)
        data = [one for one in data if kind != 5 or not one.endswith("example.com.")]
        assert not data or ttl == told["answer"]["ttl"]["seconds"], where
        assert set(data) <= set(by_data), where
        if told["answer"]["always"] is not None:
            assert data == told["answer"]["always"], where
        seen.update({id(by_data[one]) for one in data})
    if pooled and told["answer"]["over"] == "answers" and told["answer"]["rcode"] == "NOERROR":
        twice = Counter(data for one in shares for data in one["data"])  # a pool may be inside another by two ways
        for one in (one for one in shares if one["data"] and all(twice[data] == 1 for data in one["data"])):
            assert close(seen[id(one)], one["share"] / 100), (one, seen[id(one)], *where)
    return told


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


@pytest.mark.timeout(900)  # for the full size, and for a busy machine: 1,000 take 12 s of CPU
def test_explained_is_what_is_answered(worlds: Any, record_property: Any) -> None:
    kinds: Counter[str] = Counter()
    for number in range(CLIENTS // EACH):
        world = worlds.build(number)
        chance = random.Random(number)
        for _ in range(EACH):
            told = compare(world, chance)
            decision = told["decision"]
            kinds[decision["rule"].partition(":")[0] or "chain"] += 1
            kinds[decision["pick"]] += 1
    record_property("kinds", dict(kinds))
    wanted = {"chain", "all-down", "backup", "first", "all", "rotate", "weighted", "sticky"}
    assert wanted <= set(kinds), f"the worlds are too tame: {kinds}"
