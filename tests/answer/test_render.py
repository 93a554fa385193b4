"""Messages octet by octet: compression, whole RRsets, limits, what goes first when there is no room."""

from __future__ import annotations

import struct
from collections.abc import Callable

import dns.flags
import dns.message
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb import names, plan
from gslb.answer import Env, Reply
from gslb.answer.lookup import Records
from gslb.answer.render import Message
from gslb.answer.wire import Query, parse
from gslb.compiler.zones import compile_zone

HEAD = "$TTL 300\n@ SOA a b 1 2 3 4 60\n@ NS a\na A 192.0.2.1\n"


def question(name: str, rtype: int = 1) -> Query:
    query = parse(struct.pack("!6H", 1, 0, 1, 0, 0, 0) + names.from_text(name) + struct.pack("!HH", rtype, 1))
    assert isinstance(query, Query)
    return query


@pytest.fixture
def ask(answer: Callable) -> Callable[..., dns.message.Message]:
    def one(snapshot: plan.Snapshot, name: str, rtype: str, *, udp: bool = True, **options: object) -> dns.message.Message:
        query = dns.message.make_query(name, rtype, **options)  # type: ignore[arg-type]  # options by name
        got = answer(snapshot, query.to_wire(), b"\x7f\0\0\1", Env(0, udp=udp))
        assert isinstance(got, Reply)
        return dns.message.from_wire(got.wire)

    return one


@pytest.fixture(scope="module")
def serve(load_zone: Callable) -> Callable[[str], plan.Snapshot]:
    def one(text: str) -> plan.Snapshot:
        zone = compile_zone(load_zone(HEAD + text, "example.com."), {})
        return plan.Snapshot(1, {zone.apex: zone}, {}, {})

    return one


@pytest.mark.parametrize(
    ("rtype", "rdata", "written"),
    [
        (2, names.from_text("ns1.Example.com."), b"\0\6\x03ns1\xc0\x10"),
        (5, names.from_text("www.example.com."), b"\0\2\xc0\x0c"),
        (12, names.from_text("example.com."), b"\0\2\xc0\x10"),
        (15, b"\0\x0a" + names.from_text("mail.example.com."), b"\0\x09\0\x0a\x04mail\xc0\x10"),
        (6, names.from_text("a.example.com.") + names.from_text("b.a.example.com.") + b"x" * 20, b"\0\x1c\x01a\xc0\x10\x01b\xc0\x2d" + b"x" * 20),
        # RFC 3597 section 4: no other type's names are compressed
        (33, b"\0\1\0\2\0\x50" + names.from_text("www.example.com."), b"\0\x17\0\1\0\2\0\x50" + names.from_text("www.example.com.")),
        (39, names.from_text("www.example.com."), b"\0\x11" + names.from_text("www.example.com.")),
        (65400, names.from_text("www.example.com."), b"\0\x11" + names.from_text("www.example.com.")),
    ],
)
def test_names_in_rdata(rtype: int, rdata: bytes, written: bytes) -> None:
    message = Message(question("www.example.com."), 512)
    assert message.add(0, Records(names.from_text("www.example.com."), rtype, 60, (rdata,)))
    assert bytes(message.out[33:]) == b"\xc0\x0c" + struct.pack("!HHI", rtype, 1, 60) + written


def test_owners_of_an_rrset_are_written_once() -> None:
    message = Message(question("."), 512)
    assert message.add(0, Records(names.from_text("a.example."), 1, 60, (b"\1\1\1\1", b"\2\2\2\2")))
    assert bytes(message.out[17:28]) == names.from_text("a.example.")
    assert message.out.endswith(b"\xc0\x11\0\1\0\1\0\0\0\x3c\0\4\2\2\2\2")


def test_the_roots_name_is_written_as_it_is() -> None:
    message = Message(question("."), 512)
    assert message.add(0, Records(b"\0", 16, 60, (b"\1a", b"\1b")))
    assert bytes(message.out[17:]) == b"\0\0\x10\0\1\0\0\0\x3c\0\2\1a\0\0\x10\0\1\0\0\0\x3c\0\2\1b"


LABEL = st.sampled_from([b"a", b"b", b"www", b"A", b"*", b"\0", b".", b"x" * 63])
NAME = st.lists(LABEL, max_size=3).map(lambda labels: names.join(labels, names.from_text("example.com.")))


@settings(deadline=None)
@given(NAME, st.lists(st.tuples(NAME, st.sampled_from([2, 5, 6, 12, 15]), NAME, NAME), max_size=40))
def test_what_is_compressed_comes_back(asked: bytes, records: list[tuple[bytes, int, bytes, bytes]]) -> None:
    query = parse(struct.pack("!6H", 1, 0, 1, 0, 0, 0) + asked + b"\0\1\0\1")
    assert isinstance(query, Query)
    message = Message(query, 65535)
    expected = []
    for owner, rtype, one, two in records:
        rdata = {6: one + two + bytes(20), 15: b"\0\1" + one}.get(rtype, one)
        assert message.add(1, Records(owner, rtype, 60, (rdata,)))
        expected.append((owner.lower(), rtype, rdata.lower()))
    decoded = dns.message.from_wire(b"\0\0" + message.octets(0x8000), one_rr_per_rrset=True)
    found = [(rrset.name.to_wire().lower(), int(rrset.rdtype), rrset[0].to_wire().lower()) for rrset in decoded.authority]
    assert found == expected


def test_no_pointer_beyond_its_reach() -> None:
    """Names past octet 16,383 are written out: a pointer has 14 bits."""
    message = Message(question("."), 65535)
    assert message.add(0, Records(names.from_text("a."), 16, 60, tuple(bytes([250]) + bytes(249) + bytes([n]) for n in range(70))))
    assert len(message.out) > 0x4000
    for n in range(3):
        assert message.add(
            0, Records(names.from_text("far.example."), 2, 60 + n, (names.from_text("ns.far.example."), names.from_text("x.far.example.")))
        )
    decoded = dns.message.from_wire(b"\0\0" + message.octets(0x8000), one_rr_per_rrset=True)
    assert [rrset[0].to_text() for rrset in decoded.answer[70:]] == ["ns.far.example.", "x.far.example."] * 3


def test_an_rrset_is_whole_or_absent(serve: Callable, ask: Callable) -> None:  # RFC 2181 section 9
    snapshot = serve("".join(f"many A 192.0.2.{n}\n" for n in range(1, 41)))
    short = ask(snapshot, "many.example.com", "A")
    assert (short.answer, short.authority, short.flags & dns.flags.TC) == ([], [], dns.flags.TC)
    assert len(ask(snapshot, "many.example.com", "A", use_edns=0, payload=1232).answer[0]) == 40


@pytest.mark.parametrize(("payload", "limit"), [(None, 512), (0, 512), (511, 512), (512, 512), (700, 700), (1232, 1232), (4096, 1232), (65535, 1232)])
def test_limits(serve: Callable, payload: int | None, limit: int, ask: Callable) -> None:
    """The largest RRset that fits is given, one record more is not."""
    options = {} if payload is None else {"use_edns": 0, "payload": payload}
    fixed = 12 + len(names.from_text("many.example.com.")) + 4 + (0 if payload is None else 11)
    fits = (limit - fixed) // 16
    for count, tc in ((fits, False), (fits + 1, True)):
        snapshot = serve("".join(f"many A 192.0.2.{n}\n" for n in range(1, count + 1)))
        got = ask(snapshot, "many.example.com", "A", **options)
        assert bool(got.flags & dns.flags.TC) is tc
        assert bool(got.answer) is not tc
        assert (got.edns >= 0) is (payload is not None)  # OPT stays in truncated replies, RFC 6891 section 7


def test_tcp_has_room(serve: Callable, ask: Callable) -> None:
    snapshot = serve("".join(f"many A 10.0.{n // 250}.{n % 250}\n" for n in range(3000)))
    got = ask(snapshot, "many.example.com", "A", udp=False)
    assert (len(got.answer[0]), got.flags & dns.flags.TC) == (3000, 0)
    snapshot = serve("".join(f"many A 10.{n // 62500}.{n // 250 % 250}.{n % 250}\n" for n in range(4200)))
    got = ask(snapshot, "many.example.com", "A", udp=False)
    assert (got.answer, got.flags & dns.flags.TC) == ([], dns.flags.TC)


def test_additional_data_go_first_and_silently(serve: Callable, ask: Callable) -> None:
    snapshot = serve("".join(f"m MX {n} h{n}\nh{n} A 192.0.2.{n}\nh{n} AAAA 2001:db8::{n}\n" for n in range(1, 20)))
    got = ask(snapshot, "m.example.com", "MX")
    assert len(got.answer[0]) == 19
    assert not got.flags & dns.flags.TC
    assert 0 < len(got.additional) < 38


def test_glue_that_does_not_fit_sets_tc(serve: Callable, ask: Callable) -> None:  # RFC 9471 section 3
    snapshot = serve("".join(f"kid NS a-name-of-some-length-{n}.kid\na-name-of-some-length-{n}.kid A 192.0.2.{n}\n" for n in range(1, 12)))
    got = ask(snapshot, "x.kid.example.com", "A")
    assert got.flags & dns.flags.TC
    whole = ask(snapshot, "x.kid.example.com", "A", use_edns=0, payload=1232)
    assert (len(whole.additional), whole.flags & dns.flags.TC) == (11, 0)


def test_glue_of_others_is_optional(serve: Callable, ask: Callable) -> None:
    snapshot = serve("".join(f"kid NS a-name-of-some-length-{n}.other\na-name-of-some-length-{n}.other A 192.0.2.{n}\n" for n in range(1, 12)))
    got = ask(snapshot, "x.kid.example.com", "A")
    assert not got.flags & dns.flags.TC
    assert 0 < len(got.additional) < 11
