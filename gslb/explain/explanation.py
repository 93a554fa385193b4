"""One explanation, put together: the name, the client, the decision, the answer. Plain data; the keys are documented and stable.

name       answer.lookup finds it                      names
client     answer.region places it                     places
decision   Compiler.explained, heard by a Listener     story, lifetime
answer     answer() over a snapshot with that row      packet
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from gslb import names as wire_names
from gslb.answer.lookup import AAAA, CNAME, A, Found
from gslb.config.rdata import text as rdata_text
from gslb.config.rdata import type_text
from gslb.explain import assume, country, lifetime, names, packet, places
from gslb.explain.assume import Assumed
from gslb.explain.listener import Listener
from gslb.explain.places import Client
from gslb.explain.question import Question
from gslb.explain.shares import settled, sticks
from gslb.explain.story import Teller, Told, percent
from gslb.explain.subject import Subject, supposing
from gslb.explain.summary import because, summary
from gslb.plan import Dynamic, Hinted, Row, Snapshot

VERSION: Final = 1  # of the data: raised when a key changes its meaning or goes; new keys may come without


def explain(subject: Subject, question: Question) -> dict[str, Any]:
    """Explain what is answered. Raises UsageError where the question makes no sense for this model."""
    if question.assumed.anything:
        # All rows of the pools concerned, not this client's alone: whether others get records decides the scope of an answer without any.
        supposed = supposing(subject, assume.moment(subject.model, subject.moment, question.assumed))
        subject = subject._replace(moment=supposed.moment, snapshot=supposed.snapshot._replace(generation=subject.snapshot.generation))
    found = names.find(subject.snapshot, question.name, question.type)
    crowd = []
    if question.country:
        crowd = country.regions(subject, question.country, _partition(subject, found))
        question = replace(question, client=crowd[0].address)
    data = _one(subject, question, found)
    if crowd:
        others = [_one(subject, replace(question, client=one.address), found) for one in crowd[1:]]
        data["country"] = country.story(question.country, crowd, [data, *others])
    return data


def _one(subject: Subject, question: Question, found: Found) -> dict[str, Any]:
    snapshot, dynamic = subject.snapshot, found.dynamic
    number = _partition(subject, found)
    who = places.client(question, snapshot.partitions.get(number))
    data: dict[str, Any] = {
        "version": VERSION,
        "node": subject.node,
        "generation": snapshot.generation if subject.served else None,
        "states": subject.states,
        "time": time_text(subject.moment.now),
        "assumed": told(question.assumed),
        "question": {
            "name": wire_names.to_text(question.name),
            "type": type_text(question.type),
            "client": str(question.client) if question.client and not question.country else None,
            "subnet": str(question.subnet) if question.subnet else None,
            "country": question.country or None,
        },
        "client": places.place(subject, who),
        "name": names.story(snapshot, found, question.name, question.type),
        "region": None,
        "decision": None,
        "hints": [],
        "warnings": list(subject.warnings),
    }
    if dynamic is not None:
        data |= _decided(subject, question, found, dynamic, who)
    else:
        given = packet.ask(snapshot, question.name, question.type, who)
        data["answer"] = _answer(given.rcode, given.scope, [], None)
        data["hints"] = [
            _hint(subject, question, found, one, kind, given.scope)
            for one in found.hinted
            for kind in (A, AAAA)
            if kind in snapshot.pools[one.pool].rows
        ]
    data["summary"] = summary(data)
    data["because"] = because(data)
    return data


def _hint(subject: Subject, question: Question, found: Found, hinted: Hinted, kind: int, scope: int | None) -> dict[str, Any]:  # noqa: PLR0917  one of several
    """Tell where the address hints of a record come from: what its pool would answer for A or AAAA."""
    who = places.client(question, subject.snapshot.partitions.get(subject.snapshot.pools[hinted.pool].partition))
    told = _decided(subject, replace(question, type=kind), found, Dynamic(hinted.pool, (kind,), hinted.ttl), who)
    answer = {**told["answer"], "scope": scope, "always": None}  # the scope is the whole record's, whose hints are drawn together
    return {"type": type_text(kind), **told, "answer": answer}


def _decided(subject: Subject, question: Question, found: Found, dynamic: Dynamic, who: Client) -> dict[str, Any]:
    """Tell what the pool decides for this client, and what is answered of it."""
    snapshot = subject.snapshot
    pool = snapshot.pools[dynamic.pool]
    kind = CNAME if CNAME in pool.rows else question.type
    region = places.region_of(snapshot.partitions.get(pool.partition), who)
    listener = Listener()
    row = subject.compiler.explained(dynamic.pool, region, kind, subject.moment, listener)
    heard = listener.root
    assert heard is not None
    teller = Teller(subject.model, subject.moment, subject.atlas.lookup(who.address)[0])
    given = packet.ask(_with(snapshot, dynamic.pool, kind, region, row), question.name, question.type, who)
    shares = _shares(teller.leaves(heard), kind)
    ttl = lifetime.story(heard, dynamic) if any(one["data"] for one in shares) else lifetime.negative(found) if not given.rcode else None
    answer = _answer(given.rcode, given.scope, shares, ttl)
    answer["over"] = "clients" if pool.couple or sticks(row) else "answers"
    if pool.couple or (settled(row) and sticks(row)):  # no chance in it: this is what the client gets
        answer["always"] = [rdata_text(kind, data) for type_, _, data in given.records if type_ == kind]
    served = pool.rows[kind][region]
    agrees = None if not subject.served or question.assumed.anything or served is None else served == row
    return {
        "region": places.region(subject, pool.partition, who),
        "decision": {**teller.pool(heard), "agrees": agrees},
        "answer": answer,
    }


def _answer(rcode: int, scope: int | None, shares: list[dict[str, Any]], ttl: dict[str, Any] | None) -> dict[str, Any]:
    return {"rcode": names.RCODES.get(rcode, str(rcode)), "scope": scope, "members": shares, "over": "answers", "always": None, "ttl": ttl}


def _shares(leaves: list[Told], kind: int) -> list[dict[str, Any]]:
    """Write who is answered, at which share; members that are never given are left out."""
    return [
        {
            "member": one.member,
            "via": list(one.via),
            "site": one.site or None,
            "data": [rdata_text(kind, data) for data in one.rdata],
            "share": percent(one.share),
        }
        for one in leaves
        if one.share
    ]


def _partition(subject: Subject, found: Found) -> int:
    return subject.snapshot.pools[found.dynamic.pool].partition if found.dynamic else -1


def _with(snapshot: Snapshot, number: int, kind: int, region: int, row: Row) -> Snapshot:
    """Put one row into a snapshot's place for it."""
    pool = snapshot.pools[number]
    rows = list(pool.rows[kind])
    rows[region] = row
    return snapshot._replace(pools={**snapshot.pools, number: pool._replace(rows={**pool.rows, kind: tuple(rows)})})


def told(assumed: Assumed) -> dict[str, Any]:
    """Write what was assumed."""
    return {"down": list(assumed.down), "drained": list(assumed.drained), "at": None if assumed.at is None else time_text(assumed.at)}


def time_text(moment: float) -> str:
    """Write a moment as ISO 8601, UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
