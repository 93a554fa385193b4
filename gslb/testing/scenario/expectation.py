"""What a scenario says about one reply: each function judges a statement, and raises ScenarioError where it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final

import dnslib

from gslb.testing.scenario.question import Question, Record, Reply
from gslb.testing.scenario.words import Words


def expect(words: Words, reply: Reply, question: Question) -> None:
    """Judge `expect RCODE [aa] [tc] [edns] [scope N] [ttl N|A..B] [size N]`; a flag with `no-` must be absent."""
    rcode = words.take("an rcode")
    if rcode not in dnslib.RCODE.reverse and rcode != "BADVERS":
        raise words.fail(f"{rcode!r} is no rcode")
    _same(words, "rcode", reply.rcode, rcode)
    while words:
        match words.take("an expectation"):
            case "aa" | "tc" | "edns" as flag:
                _same(words, flag, getattr(reply, flag), wanted=True)
            case "no-aa" | "no-tc" | "no-edns" as flag:
                _same(words, flag[3:], getattr(reply, flag[3:]), wanted=False)
            case "no-scope":
                _same(words, "scope", reply.scope, None)
            case "scope":
                _same(words, "scope", reply.scope, words.integer("scope", 0, 128))
            case "ttl":
                _ttl(words, reply, question)
            case "size":
                most = words.integer("size")
                if reply.size > most:
                    raise words.fail(f"the reply has {reply.size} octets, wanted at most {most}")
            case other:
                raise words.fail(f"expect does not know {other!r}")


def _ttl(words: Words, reply: Reply, question: Question) -> None:
    """Judge every record of the answer; of a negative answer the SOA's."""
    text = words.take("a TTL")
    low, dots, high = text.partition("..")
    if not low.isdigit() or (dots and not high.isdigit()):
        raise words.fail(f"{text!r} is no TTL: write 30 or 10..30")
    del question
    seen = {record.ttl for record in reply.answer or reply.authority}
    if not seen:
        raise words.fail("there is no record that has a TTL")
    if not all(int(low) <= ttl <= int(high or low) for ttl in seen):
        raise words.fail(f"TTL is {', '.join(map(str, sorted(seen)))}, wanted {text}")


def answer(words: Words, reply: Reply, question: Question) -> None:
    """Judge `answer DATA, …`, `answer in-order DATA, …`, `answer one-of DATA, …`, `answer N of DATA, …`: the records of the type asked for."""
    seen = [record.data for record in reply.records(question.type)]
    if words.skip("in-order"):
        wanted = _data(words)
        _same(words, "answer, in order,", seen, wanted)
        return
    if words.skip("one-of"):
        _some(words, seen, 1, _data(words))
        return
    items = words.listed()
    count, of, *_ = [*items[0], "", ""]
    if count.isdigit() and of == "of":
        items[0] = items[0][2:]
        _some(words, seen, int(count), [_canonical(" ".join(item)) for item in items])
        return
    _same(words, "answer", sorted(seen), sorted(_canonical(" ".join(item)) for item in items))


def _some(words: Words, seen: list[str], count: int, allowed: list[str]) -> None:
    if len(seen) != count or len(set(seen)) != count or not set(seen) <= set(allowed):
        raise words.fail(f"the answer is {_list(seen)}; wanted {count} of {_list(allowed)}")


def nodata(words: Words, reply: Reply, question: Question) -> None:
    """Judge `nodata`: NOERROR, no record of the type, the SOA in the authority section (RFC 2308 section 2.2)."""
    words.end()
    _same(words, "rcode", reply.rcode, "NOERROR")
    _same(words, "answer", [record.data for record in reply.records(question.type)], [])
    _same(words, "authority", [record.type for record in reply.authority], ["SOA"])


def nxdomain(words: Words, reply: Reply, question: Question) -> None:
    """Judge `nxdomain`: the name does not exist, the SOA in the authority section (RFC 2308 section 2.1)."""
    words.end()
    del question
    _same(words, "rcode", reply.rcode, "NXDOMAIN")
    _same(words, "authority", [record.type for record in reply.authority], ["SOA"])


def via(words: Words, reply: Reply, question: Question) -> None:
    """Judge `via NAME, …`: the CNAMEs of the answer, in the order they are followed."""
    seen = [record.data.rstrip(".") for record in reply.records("CNAME")]
    if question.type == "CNAME":
        raise words.fail("via is for questions of other types: say answer")
    _same(words, "chain of CNAMEs", seen, [" ".join(item).rstrip(".") for item in words.listed()])


def authority(words: Words, reply: Reply, question: Question) -> None:
    """Judge `authority none` or `authority TYPE DATA, …`."""
    del question
    _section(words, "authority", reply.authority)


def additional(words: Words, reply: Reply, question: Question) -> None:
    """Judge `additional none` or `additional TYPE DATA, …`."""
    del question
    _section(words, "additional", reply.additional)


def _section(words: Words, name: str, records: tuple[Record, ...]) -> None:
    if words.skip("none"):
        _same(words, name, [record.type for record in records], [])
        return
    wanted = [(item[0], _canonical(" ".join(item[1:]))) for item in words.listed()]
    _same(words, name, sorted((record.type, record.data) for record in records), sorted(wanted))


def owner(words: Words, reply: Reply, question: Question) -> None:
    """Judge `owner NAME`: whose records of the type asked for they are, letter case and all."""
    wanted = words.take("a name").rstrip(".")
    for record in reply.records(question.type):
        _same(words, "owner", record.owner, wanted)


EXPECTATIONS: Final[Mapping[str, Callable[[Words, Reply, Question], None]]] = {
    "expect": expect,
    "answer": answer,
    "nodata": nodata,
    "nxdomain": nxdomain,
    "via": via,
    "owner": owner,
    "authority": authority,
    "additional": additional,
}
"""Statements that judge the last reply."""


def _data(words: Words) -> list[str]:
    return [_canonical(" ".join(item)) for item in words.listed()]


def _canonical(text: str) -> str:
    """Addresses may be written in any form."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def _same(words: Words, what: str, seen: object, wanted: object) -> None:
    if seen != wanted:
        raise words.fail(f"{what} is {_shown(seen)}, wanted {_shown(wanted)}")


def _shown(value: object) -> str:
    return _list(value) if isinstance(value, list) else str(value)


def _list(items: list[object] | list[str]) -> str:
    return ", ".join(map(str, items)) or "nothing"
