"""What the zones say, rule by rule, through `answer()`. Names are below example.com., `@` is the apex."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gslb import names, plan
from gslb.answer.lookup import MAX_CHAIN, lookup

SOA = "@ 60 SOA ns1 host 1 3600 600 86400 60"
CHILD_DS = "sub 300 DS 1 8 2 ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
X60 = "x" * 60
LONG = ".".join([X60] * 3)


@dataclass(frozen=True)
class Case:
    """One rule: a question and everything in its answer. `aa` as it must be."""

    rule: str
    question: str
    rcode: str = "NOERROR"
    answer: tuple[str, ...] = ()
    authority: tuple[str, ...] = ()
    additional: tuple[str, ...] = ()
    aa: bool = True


REFERRAL = (
    ("sub 300 NS ns.sub", "sub 300 NS ns1", "sub 300 NS ns.elsewhere.org."),
    ("ns.sub 300 A 192.0.2.7", "ns1 300 A 192.0.2.1", "ns1 300 AAAA 2001:db8::1"),
)

CASES = [
    Case("an RRset, RFC 1034 4.3.2", "mail A", answer=("mail 300 A 192.0.2.2",)),
    Case("the SOA itself has its own TTL", "@ SOA", answer=("@ 3600 SOA ns1 host 1 3600 600 86400 60",)),
    Case("NODATA has the SOA at the negative TTL, RFC 2308 3", "mail AAAA", authority=(SOA,)),
    Case("NXDOMAIN has it too", "nope A", "NXDOMAIN", authority=(SOA,)),
    Case("an unknown type is NODATA, RFC 3597", "mail TYPE65399", authority=(SOA,)),
    Case("an unknown type's data come as they are", "odd TYPE65400", answer=("odd 300 TYPE65400 \\# 4 deadbeef",)),
    Case("an empty non-terminal exists, RFC 8020", "ent A", authority=(SOA,)),
    Case("and so does the one below it", "b.ent A", authority=(SOA,)),
    Case("names beside an empty non-terminal do not", "c.ent A", "NXDOMAIN", authority=(SOA,)),
    Case("addresses of an MX are added, RFC 1035 3.3.9", "@ MX", answer=("@ 300 MX 10 mail",), additional=("mail 300 A 192.0.2.2",)),
    Case(
        "and of name servers",
        "@ NS",
        answer=("@ 300 NS ns1", "@ 300 NS ns2.other.net."),
        additional=("ns1 300 A 192.0.2.1", "ns1 300 AAAA 2001:db8::1"),
    ),
    Case(
        "of an SRV too, but never a dynamic one",
        "srv SRV",
        answer=("srv 300 SRV 1 2 80 mail", "srv 300 SRV 1 2 80 www"),
        additional=("mail 300 A 192.0.2.2",),
    ),
    # wildcards
    Case("a wildcard gives the name asked for, RFC 4592 2.1", "x.wild TXT", answer=('x.wild 300 TXT "any"',)),
    Case("at any depth", "x.y.z.wild TXT", answer=('x.y.z.wild 300 TXT "any"',)),
    Case("with additional data", "x.wild MX", answer=("x.wild 300 MX 10 mail",), additional=("mail 300 A 192.0.2.2",)),
    Case("a wildcard without the type is NODATA", "x.wild A", authority=(SOA,)),
    Case("a name that exists is not covered", "exact.wild TXT", authority=(SOA,)),
    Case("nor what would be below it", "x.exact.wild TXT", "NXDOMAIN", authority=(SOA,)),
    Case("nor an empty non-terminal", "ent.wild TXT", authority=(SOA,)),
    Case("nor below that", "x.ent.wild TXT", "NXDOMAIN", authority=(SOA,)),
    Case("nor the name above the wildcard", "wild TXT", authority=(SOA,)),
    Case("an asterisk can be asked for", "*.wild TXT", answer=('*.wild 300 TXT "any"',)),
    Case("an asterisk below an asterisk matches nothing, RFC 4592 2.2.1", "x.*.wild TXT", "NXDOMAIN", authority=(SOA,)),
    Case("a wildcard to an alias", "q.alias A", answer=("q.alias 300 CNAME mail", "mail 300 A 192.0.2.2")),
    Case("a wildcard never reaches below a cut", "q.x.sub A", authority=REFERRAL[0], additional=REFERRAL[1], aa=False),
    # aliases
    Case("an alias asked for itself", "old CNAME", answer=("old 300 CNAME www",)),
    Case("an alias out of the zone is not followed", "out A", answer=("out 300 CNAME www.example.org.",)),
    Case("the last link decides the rcode, RFC 6604 3", "nowhere A", "NXDOMAIN", answer=("nowhere 300 CNAME nothing",), authority=(SOA,)),
    Case("an alias to a name without the type", "nodata A", answer=("nodata 300 CNAME odd",), authority=(SOA,)),
    Case("a loop ends", "loop1 A", answer=("loop1 300 CNAME loop2", "loop2 300 CNAME loop1")),
    Case("a loop of one", "itself A", answer=("itself 300 CNAME itself",)),
    Case("a wildcard that points below itself", "z.spin A", answer=("z.spin 300 CNAME a.spin", "a.spin 300 CNAME a.spin")),
    Case(
        "an alias into a cut is a referral, and the first owner is ours",
        "tosub A",
        answer=("tosub 300 CNAME host.sub",),
        authority=REFERRAL[0],
        additional=REFERRAL[1],
    ),
    # DNAME
    Case(
        "below a DNAME, RFC 6672 3.1",
        "host.d A",
        answer=("d 300 DNAME target", "host.d 300 CNAME host.target", "host.target 300 A 192.0.2.11"),
    ),
    Case("its last link decides", "none.d A", "NXDOMAIN", ("d 300 DNAME target", "none.d 300 CNAME none.target"), (SOA,)),
    Case("a DNAME hides what is below it", "gone.d A", "NXDOMAIN", ("d 300 DNAME target", "gone.d 300 CNAME gone.target"), (SOA,)),
    Case("its own name is not redirected, RFC 6672 2.3", "d TXT", answer=('d 300 TXT "at the owner"',)),
    Case("nor for types it lacks", "d A", authority=(SOA,)),
    Case("a DNAME asked for itself", "d DNAME", answer=("d 300 DNAME target",)),
    Case("the CNAME below a DNAME", "host.d CNAME", answer=("d 300 DNAME target", "host.d 300 CNAME host.target")),
    Case("a DNAME out of the zone", "x.apart A", answer=("apart 300 DNAME example.org.", "x.apart 300 CNAME x.example.org.")),
    Case("a name that gets too long, RFC 6672 2.2", f"{X60}.long A", "YXDOMAIN", (f"long 300 DNAME {LONG}",)),
    Case("a DNAME below itself ends", "a.round A", answer=("round 300 DNAME round", "a.round 300 CNAME a.round")),
    # delegations
    Case("a name below a cut", "host.sub A", authority=REFERRAL[0], additional=REFERRAL[1], aa=False),
    Case("the cut itself", "sub TXT", authority=REFERRAL[0], additional=REFERRAL[1], aa=False),
    Case("NS at the cut", "sub NS", authority=REFERRAL[0], additional=REFERRAL[1], aa=False),
    Case("ANY at the cut", "sub ANY", authority=REFERRAL[0], additional=REFERRAL[1], aa=False),
    Case("glue is never an answer", "ns.sub A", authority=REFERRAL[0], additional=REFERRAL[1], aa=False),
    Case("DS at the cut is ours, RFC 4035 3.1.4.1", "sub DS", answer=(CHILD_DS,)),
    Case("DS at a cut that has none", "self DS", authority=(SOA,)),
    Case("DS below the cut is not ours", "host.sub DS", authority=REFERRAL[0], additional=REFERRAL[1], aa=False),
    Case("a cut that is its own server", "x.self A", authority=("self 300 NS self",), additional=("self 300 A 192.0.2.9",), aa=False),
    # the rest
    Case("ANY is one RRset, RFC 8482 4.1", "mail ANY", answer=("mail 300 A 192.0.2.2",)),
    Case("ANY at an alias is the alias", "old ANY", answer=("old 300 CNAME www",)),
    Case("ANY at a dynamic name is HINFO, RFC 8482 4.2", "www ANY", answer=('www 3600 HINFO "RFC8482" ""',)),
    Case("ANY at an empty non-terminal", "ent ANY", authority=(SOA,)),
    Case("ANY at nothing", "nope ANY", "NXDOMAIN", authority=(SOA,)),
    Case("a name outside, RFC 8906 and design", "www.example.org. A", "REFUSED", aa=False),
    Case("the root", ". NS", "REFUSED", aa=False),
    Case("the parent", "com. SOA", "REFUSED", aa=False),
    Case("a zone's name as a mere suffix of octets", "notexample.com. A", "REFUSED", aa=False),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_rule(case: Case, asked: Callable) -> None:
    name, rtype = case.question.split()
    got = asked(name, rtype)
    assert got.rcode == case.rcode
    assert got.section("answer") == list(case.answer)
    assert got.section("authority") == list(case.authority)
    assert got.section("additional") == list(case.additional)
    assert got.flags.split() == ["QR", "AA", "RD"] if case.aa else ["QR", "RD"]


def test_ds_comes_with_a_referral_where_dnssec_is_asked_for(asked: Callable) -> None:
    assert CHILD_DS in asked("host.sub", want_dnssec=True).section("authority")  # RFC 4035 section 3.1.4
    assert CHILD_DS not in asked("host.sub").section("authority")


def test_the_question_keeps_its_case(asked: Callable) -> None:
    got = asked("mIxEd.cAsE")
    assert str(got.message.question[0].name) == "mIxEd.cAsE.example.com."
    assert got.section("answer") == ["mIxEd.cAsE 300 A 192.0.2.3"]


def test_a_chain_is_bounded(load_zone: Callable) -> None:
    from gslb.compiler.zones import compile_zone

    links = "\n".join(f"c{n} CNAME c{n + 1}" for n in range(40))
    zone = compile_zone(load_zone(f"@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\n$TTL 60\na A 192.0.2.1\n{links}\nc40 A 192.0.2.1", "example.com."), {})
    name = names.from_text("c0.example.com.")
    found = lookup({zone.apex: zone}, name, (0, 3, 11), 1, do=False)
    assert len(found.answer) == MAX_CHAIN
    assert found.rcode == 0
    name = names.from_text("c30.example.com.")
    assert [r.type for r in lookup({zone.apex: zone}, name, (0, 4, 12), 1, do=False).answer] == [5] * 10 + [1]


@pytest.fixture(scope="module")
def family(load_zone: Callable) -> dict[bytes, plan.Zone]:
    """A parent and its child, both served here."""
    from gslb.compiler.zones import compile_zone

    head = "$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS a\na A 192.0.2.1\n"
    parent = compile_zone(load_zone(head + "kid NS ns.kid\nns.kid A 192.0.2.2\nkid DS 1 8 2 " + "00" * 32 + "\nlink CNAME a.kid", "example.com."), {})
    child = compile_zone(load_zone(head + "mine A 192.0.2.3\n", "kid.example.com."), {})
    return {parent.apex: parent, child.apex: child}


@pytest.mark.parametrize(
    ("name", "rtype", "zone", "answers", "aa"),
    [
        ("mine.kid.example.com.", 1, "kid.example.com.", [1], True),  # the longest apex wins
        ("kid.example.com.", 6, "kid.example.com.", [6], True),
        ("kid.example.com.", 43, "example.com.", [43], True),  # DS is the parent's, RFC 4035 section 3.1.4.1
        ("mine.kid.example.com.", 43, "kid.example.com.", [], True),
        ("link.example.com.", 1, "example.com.", [5], True),  # a chain is not followed into another zone: here a referral closes it
        ("example.com.", 43, "example.com.", [], True),  # no parent here: the zone itself says NODATA
    ],
)
def test_zones_side_by_side(family: dict[bytes, plan.Zone], name: str, rtype: int, zone: str, answers: list[int], aa: bool) -> None:  # noqa: PLR0917  # one column each
    wire = names.from_text(name)
    starts = []
    at = 0
    while wire[at]:
        starts.append(at)
        at += 1 + wire[at]
    found = lookup(family, wire, tuple(starts), rtype, do=False)
    assert found.zone is family[names.from_text(zone)]
    assert [records.type for records in found.answer] == answers
    assert found.aa is aa


@pytest.mark.parametrize(
    ("name", "rtype", "rcode", "answers"),
    [
        (".", 2, 0, [2]),
        (".", 43, 0, []),
        ("nope.", 1, 3, []),
        ("a.nope.", 1, 3, []),
        ("there.", 1, 0, [1]),
        ("x.wild.", 1, 0, [1]),
        ("kid.", 43, 0, [43]),
    ],
)
def test_the_root_can_be_served(load_zone: Callable, name: str, rtype: int, rcode: int, answers: list[int]) -> None:
    from gslb.compiler.zones import compile_zone

    head = "$TTL 60\n@ SOA a b 1 2 3 4 5\n@ NS a\na A 192.0.2.1\n"
    root = compile_zone(load_zone(head + "there A 192.0.2.1\n*.wild A 192.0.2.1\nkid NS a\nkid DS 1 8 2 " + "00" * 32, "."), {})
    kid = compile_zone(load_zone(head, "kid."), {})
    wire = names.from_text(name)
    starts = [wire.index(label) - 1 for label in names.labels(wire)]
    found = lookup({root.apex: root, kid.apex: kid}, wire, tuple(starts), rtype, do=False)
    assert (found.rcode, [records.type for records in found.answer], found.zone) == (rcode, answers, root)
