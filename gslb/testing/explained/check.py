"""Holds one explanation to what engines answer. Made for many: a `Check` counts what it has seen, so that a run can say what it covered.

Of each question these must be equal: the rcode, the scope, the TTL; the data that can come at all; where nothing is left to chance, the data to the
octet and in their order; where draws decide, the counts, within five standard deviations. Engines must agree with one another octet by octet, and
with a snapshot that holds the very row that was explained.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import dns.edns
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from gslb.answer import Drop, Env, NeedRow
from gslb.explain import Question, explain, text
from gslb.explain.assume import Assumed
from gslb.explain.assume import moment as assume
from gslb.explain.listener import Listener
from gslb.explain.subject import Subject, supposing
from gslb.plan import Snapshot
from gslb.testing.engines import Engine, PythonEngine
from gslb.testing.explained.worlds import World, build

CLIENTS: Final = 20  # of one world
DRAWS: Final = 24  # answers that are counted for each client
FEW: Final = 3  # where nothing is left to chance
_CNAME: Final = 5
_WHOLE: Final = 65_535


@dataclass(frozen=True, slots=True)
class Difference:
    """An explanation that is not what is answered: which world and question, what was said, what was seen."""

    world: int
    what: str
    explained: str

    def __str__(self) -> str:
        """Show it, and how to see it again."""
        return f"world {self.world}: {self.what}\n\n{self.explained}\nagain: python -m gslb.testing.explained --world {self.world}"


@dataclass(frozen=True, slots=True)
class Given:
    """What a reply says: rcode, scope of its client subnet, TTL and data of the records that a pool gave."""

    rcode: str
    scope: int | None
    ttl: int | None
    data: tuple[str, ...]


class Check:
    """Compares, world after world. `cases`: clients compared; `kinds`: of which sort."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self.cases = 0
        self.kinds: Counter[str] = Counter()
        self._engines = engines
        self._read: dict[tuple[bytes, int], Given] = {}

    def world(self, number: int) -> Difference | None:
        """Compare the clients of one world; return the first difference."""
        world = build(number)
        for _ in range(CLIENTS):
            told, what = self._client(world, random.Random(world.chance.getrandbits(64)))
            if what:
                return Difference(number, what, text(told))
        self._read.clear()
        return None

    def _client(self, world: World, chance: random.Random) -> tuple[dict[str, Any], str]:
        """Explain one random question, and hold the explanation to the answers."""
        name, kind, assumed = chance.choice(world.names), chance.choice([1, 28]), world.assumed()
        client, subnet = world.client(), world.subnet() if chance.random() < 0.6 else None
        subject = _as_assumed(world.subject, assumed)
        told = explain(world.subject, Question(name, kind, client, subnet, assumed=assumed))
        self.cases += 1
        self._note(told, client, subnet, assumed)
        asked = _Asked(subject.snapshot, name, kind, client.packed, _query(name, kind, subnet))
        what = self._compare(told, asked, chance)
        return told, what or _row_served(world.subject, subject, told)

    def _compare(self, told: dict[str, Any], asked: _Asked, chance: random.Random) -> str:
        """Return what differs, or nothing."""
        pooled, answer = told["decision"], told["answer"]
        of_pool = _CNAME if pooled and pooled["type"] == _CNAME else asked.kind
        allowed = {data for one in answer["members"] for data in one["data"]}
        seen: Counter[str] = Counter()
        draws = DRAWS if pooled and not answer["always"] else FEW
        for _ in range(draws):
            wire, disagree = self._ask(asked, chance.getrandbits(64))
            if disagree:
                return disagree
            given = self._given(wire, of_pool)
            if what := unlike(told, given, allowed):
                return what
            seen.update(set(given.data))
        return _counted(told, seen, draws) if pooled and answer["over"] == "answers" and answer["rcode"] == "NOERROR" else ""

    def _ask(self, asked: _Asked, draw: int) -> tuple[bytes, str]:
        """Ask every engine the same; say it where they disagree."""
        env = Env(draw, udp=False, max_udp=_WHOLE)
        replies = []
        for engine in self._engines:
            outcome = engine.answer(asked.snapshot, asked.query, asked.client, env)
            if isinstance(outcome, Drop):
                return b"", f"{engine.name} drops the query"
            replies.append((outcome.reply if isinstance(outcome, NeedRow) else outcome).wire)
        if any(wire != replies[0] for wire in replies):
            return b"", f"engines disagree: {[wire.hex() for wire in replies]}"
        return replies[0], ""

    def _given(self, wire: bytes, kind: int) -> Given:
        found = self._read.get((wire, kind))
        if found is None:
            found = self._read[wire, kind] = read(wire, kind)
        return found

    def _note(self, told: dict[str, Any], client: Any, subnet: Any, assumed: Assumed) -> None:
        decision = told["decision"]
        self.kinds["IPv4" if client.version == 4 else "IPv6"] += 1
        self.kinds[f"placed by {told['client']['placed_by']}"] += 1
        self.kinds["client subnet"] += subnet is not None
        self.kinds["special-purpose or holds IPv4"] += not client.is_global or (client.version == 6 and bool(client.ipv4_mapped or client.sixtofour))
        self.kinds["assumed down"] += bool(assumed.down)
        self.kinds["assumed drained"] += bool(assumed.drained)
        self.kinds["another time"] += assumed.at is not None
        if decision:
            self.kinds[f"pick {decision['pick']}"] += 1
            self.kinds[f"rule {decision['rule'].partition(':')[0] or 'chain'}"] += 1
            self.kinds["an operator's word"] += any(one["override"] for one in decision["members"])


@dataclass(frozen=True, slots=True)
class _Asked:
    snapshot: Snapshot
    name: bytes
    kind: int
    client: bytes
    query: bytes


def engines(*names: str) -> list[Engine]:
    """Return engines by name."""
    from gslb.testing.engines import engine  # noqa: PLC0415  the native one only where it is built

    return [engine(name) for name in names] or [PythonEngine()]


def read(wire: bytes, kind: int) -> Given:
    """Read a reply with a decoder that is not ours."""
    message = dns.message.from_wire(wire)
    scope = next((option.scopelen for option in message.options if isinstance(option, dns.edns.ECSOption)), None)
    for rrset in message.answer:
        data = [rdata.to_text() for rdata in rrset]
        if rrset.rdtype == kind and not (kind == _CNAME and data[0].endswith("example.com.")):  # an alias of ours is no choice of a pool's
            return Given(dns.rcode.to_text(message.rcode()), scope, rrset.ttl, tuple(data))
    return Given(dns.rcode.to_text(message.rcode()), scope, None, ())


def _as_assumed(subject: Subject, assumed: Assumed) -> Subject:
    """Compile what is assumed for real: the states, overrides and time a node would have."""
    if not assumed.anything:
        return subject
    found = supposing(subject, assume(subject.model, subject.moment, assumed))
    return found._replace(snapshot=found.snapshot._replace(generation=subject.snapshot.generation + 1))


def _row_served(subject: Subject, assumed: Subject, told: dict[str, Any]) -> str:
    """Say it where the row that was explained is not the one in the plan: equal rows give equal octets for every draw."""
    decision = told["decision"]
    if not decision:
        return ""
    number, region, kind = subject.compiler.pool_ids[decision["pool"]], told["region"]["region"] if told["region"] else 0, decision["type"]
    explained = subject.compiler.explained(number, region, kind, assumed.moment, Listener())
    served = assumed.snapshot.pools[number].rows[kind][region]
    agrees = decision["agrees"] if assumed is subject else explained == served
    return "" if agrees and explained == served else f"the row explained is not the row served: {explained} {served}"


def _query(name: bytes, kind: int, subnet: Any) -> bytes:
    options: list[Any] = [] if subnet is None else [dns.edns.ECSOption(str(subnet.network_address), subnet.prefixlen, 0)]
    return dns.message.make_query(dns.name.from_wire(name, 0)[0], dns.rdatatype.RdataType(kind), use_edns=True, options=options, id=7).to_wire()


def unlike(told: dict[str, Any], given: Given, allowed: set[str]) -> str:
    """Say what of a reply is not as it was explained."""
    answer = told["answer"]
    if given.rcode != answer["rcode"]:
        return f"rcode {given.rcode}, explained {answer['rcode']}"
    if given.scope != answer["scope"]:
        return f"scope {given.scope}, explained {answer['scope']}"
    if not told["decision"]:
        return ""
    if given.data and given.ttl != answer["ttl"]["seconds"]:
        return f"TTL {given.ttl}, explained {answer['ttl']['seconds']}"
    if not set(given.data) <= allowed:
        return f"{sorted(set(given.data) - allowed)} is answered, explained {sorted(allowed)}"
    if answer["always"] is not None and list(given.data) != answer["always"]:
        return f"{list(given.data)}, explained always {answer['always']}"
    if allowed and not given.data and all(one["data"] for one in answer["members"]):
        return f"no data, explained {sorted(allowed)}"
    return ""


def _counted(told: dict[str, Any], seen: Counter[str], draws: int) -> str:
    """Say whose count does not agree with the share: five standard deviations, and two more for small numbers."""
    members = told["answer"]["members"]
    ways = Counter(data for one in members for data in one["data"])  # a pool may be inside another by two ways
    for one in members:
        share = one["share"] / 100
        bound = 5 * math.sqrt(draws * share * (1 - share)) + 2
        if one["data"] and all(ways[data] == 1 for data in one["data"]) and any(abs(seen[data] - share * draws) > bound for data in one["data"]):
            return f"{one['member']} in {[seen[data] for data in one['data']]} of {draws} answers, explained {one['share']} %"
    return ""
