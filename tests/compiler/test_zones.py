"""One zone compiled: what exists, what is a cut, what is glue, what is hidden, and what it weighs."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping

import dns.rdata
import dns.rdtypes.svcbbase
import dns.zone
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb import model, names, plan
from gslb.compiler.zones import compile_zone

HEAD = "$TTL 300\n@ 3600 SOA ns1 host 1 2 3 4 60\n@ NS ns1\nns1 A 192.0.2.1\n"


def compiled(text: str, pools: Mapping[str, model.PoolRef] | None = None) -> plan.Zone:
    zone = dns.zone.from_text(HEAD + text, "example.com.", relativize=False)
    found = {
        name.to_wire().lower(): model.NameData(
            tuple(model.RRset(int(one.rdtype), one.ttl, tuple(d.to_wire() for d in one)) for one in node.rdatasets)
        )
        for name, node in zone.nodes.items()
    }
    for owner, ref in (pools or {}).items():
        wire = name(owner)
        found[wire] = model.NameData(found[wire].rrsets if wire in found else (), ref)
    return compile_zone(model.Zone(name("@"), found), {"web": 4})


def name(text: str) -> bytes:
    return names.from_text(text, names.from_text("example.com."))


def types(zone: plan.Zone, owner: str) -> list[int]:
    return [rrset.type for rrset in zone.nodes[name(owner)].rrsets]


def test_the_apex() -> None:
    zone = compiled("")
    assert (zone.apex, zone.soa.type, zone.soa.ttl, zone.negative_ttl) == (name("@"), 6, 3600, 60)
    assert types(zone, "@") == [2, 6]
    assert not zone.nodes[name("@")].cut


def test_negative_ttl_is_the_smaller() -> None:  # RFC 2308 section 3
    data = names.ROOT + names.ROOT + bytes(16) + (5000).to_bytes(4)
    zone = model.Zone(b"\0", {b"\0": model.NameData((model.RRset(6, 900, (data,)),))})
    assert compile_zone(zone, {}).negative_ttl == 900


def test_empty_non_terminals() -> None:
    zone = compiled("a.b.c TXT x\n*.d.e TXT x")
    assert zone.nodes[name("b.c")] == zone.nodes[name("c")] == zone.nodes[name("d.e")] == plan.Node()
    assert name("f") not in zone.nodes
    assert name("*.d.e") in zone.nodes


def test_an_empty_non_terminal_gives_way_to_data_whatever_the_order() -> None:
    data = model.NameData((model.RRset(16, 60, (b"\1x",)),))
    soa = model.NameData((model.RRset(6, 60, (names.ROOT * 2 + bytes(20),)),))
    for order in (["@", "a.b", "b"], ["@", "b", "a.b"], ["a.b", "b", "@"]):
        zone = compile_zone(model.Zone(name("@"), {name(one): soa if one == "@" else data for one in order}), {})
        assert {owner: len(node.rrsets) for owner, node in zone.nodes.items()} == {name("@"): 1, name("b"): 1, name("a.b"): 1}


def test_cuts_and_glue() -> None:
    zone = compiled(
        "sub NS ns.sub\nsub NS SUB\nsub DS 1 8 2 "
        + "00" * 32
        + "\nsub A 192.0.2.2\nsub TXT x\nns.sub A 192.0.2.3\nns.sub AAAA ::1\nns.sub TXT x\na.ns.sub TXT x"
    )
    assert zone.nodes[name("sub")].cut
    assert types(zone, "sub") == [2, 43]
    assert zone.nodes[name("sub")].rrsets[0].targets == (name("ns.sub"), name("sub"))
    assert {owner: [rrset.type for rrset in rrsets] for owner, rrsets in zone.glue.items()} == {name("sub"): [1], name("ns.sub"): [1, 28]}
    assert not {name("ns.sub"), name("a.ns.sub")} & zone.nodes.keys()


def test_a_cut_below_a_cut_is_the_childs() -> None:
    zone = compiled("sub NS ns.sub\nns.sub A 192.0.2.3\nb.sub NS ns.b.sub\nns.b.sub A 192.0.2.4")
    assert name("b.sub") not in zone.nodes
    assert set(zone.glue) == {name("ns.sub"), name("ns.b.sub")}


def test_a_dname_hides_what_is_below() -> None:
    zone = compiled("d DNAME target\nd TXT x\na.d A 192.0.2.3\ncut.d NS ns1\nns.cut.d A 192.0.2.3\nx.cut.d TXT x")
    assert types(zone, "d") == [16, 39]
    assert not any(owner.endswith(name("d")) and owner != name("d") for owner in zone.nodes)
    assert zone.glue == {}


def test_a_dname_at_the_apex_hides_all() -> None:
    zone = compiled("@ DNAME example.org.")
    assert set(zone.nodes) == {name("@")}


def test_targets_are_lower_case_and_follow_the_rdata() -> None:
    zone = compiled("m MX 10 Mail.Example.COM.\nm SRV 1 2 3 SRV.Example.com.\nc CNAME WWW\nt TXT x")
    assert [rrset.targets for rrset in zone.nodes[name("m")].rrsets] == [(name("mail"),), (name("srv"),)]
    assert zone.nodes[name("c")].rrsets[0].targets == (name("www"),)
    assert b"WWW" in zone.nodes[name("c")].rrsets[0].rdata[0]
    assert zone.nodes[name("t")].rrsets[0].targets == ()


def test_pools() -> None:
    zone = compiled("www TXT x", {"www": model.PoolRef("web", ttl=20), "*.p": model.PoolRef("web", (1,))})
    assert zone.nodes[name("www")].dynamic == plan.Dynamic(4, (1, 28), 20)
    assert types(zone, "www") == [16]
    assert zone.nodes[name("*.p")].dynamic == plan.Dynamic(4, (1,), plan.MAX_TTL)


def test_a_pool_of_names_stands_for_every_type() -> None:
    soa = model.NameData((model.RRset(6, 60, (names.ROOT * 2 + bytes(20),)),))
    zone = model.Zone(
        name("@"), {name("@"): soa, name("to"): model.NameData((), model.PoolRef("names")), name("www"): model.NameData((), model.PoolRef("web"))}
    )
    made = compile_zone(zone, {"web": 4, "names": 5}, {"names"})
    assert made.nodes[name("to")].dynamic == plan.Dynamic(5, (5,))
    assert made.nodes[name("www")].dynamic == plan.Dynamic(4, (1, 28))


HINTED = [
    ("1 .", "", "", ""),
    ("1 . alpn=h2", "alpn", "", ""),
    ("16 svc.example.net. alpn=h2 no-default-alpn port=53", "alpn no-default-alpn port", "", ""),
    ('1 . ech="AARhYmNk"', "", "ech", ""),
    ('1 . mandatory=alpn alpn=h2 ech="AARhYmNk" dohpath=/q{?dns} key65400=x', "mandatory alpn", "ech", "dohpath key65400"),
]


@pytest.mark.parametrize(("text", "head", "middle", "tail"), HINTED)
def test_hints_have_their_place(text: str, head: str, middle: str, tail: str) -> None:
    """RFC 9460 section 2.2: parameters in ascending order, so what is put in keeps it."""
    data = dns.rdata.from_text("IN", "HTTPS", text)
    hinted = model.Hinted(65, 300, data.to_wire(), "web")
    soa = model.NameData((model.RRset(6, 60, (names.ROOT * 2 + bytes(20),)),))
    zone = compile_zone(model.Zone(name("@"), {name("@"): soa, name("www"): model.NameData(hinted=(hinted,))}), {"web": 4})
    made = zone.nodes[name("www")].hinted[0]
    assert (made.type, made.ttl, made.pool) == (65, 300, 4)
    four, six = bytes.fromhex("00040004c0000201"), bytes.fromhex("00060010") + bytes(16)
    whole = made.head + four + made.middle + six + made.tail
    read = dns.rdata.from_wire("IN", "HTTPS", whole, 0, len(whole))
    assert list(read.params) == sorted(read.params)
    assert made.head + made.middle + made.tail == data.to_wire()
    keys = [dns.rdtypes.svcbbase.key_to_text(key) for key in read.params]
    assert keys == [*head.split(), "ipv4hint", *middle.split(), "ipv6hint", *tail.split()]


def test_hints_below_a_cut_are_the_childs() -> None:
    hinted = (model.Hinted(65, 300, b"\0\1\0", "web"),)
    soa = model.RRset(6, 60, (names.ROOT * 2 + bytes(20),))
    ns = model.RRset(2, 60, (b"\2ns\0",))
    found = {name("@"): model.NameData((soa,)), name("sub"): model.NameData((ns,), hinted=hinted), name("a.sub"): model.NameData(hinted=hinted)}
    zone = compile_zone(model.Zone(name("@"), found), {"web": 4})
    assert zone.nodes[name("sub")].hinted == ()
    assert name("a.sub") not in zone.nodes


OWNERS = st.lists(st.sampled_from(["a", "b", "c", "*"]), min_size=1, max_size=4).map(".".join)


@settings(deadline=None)
@given(st.dictionaries(OWNERS, st.sampled_from(["TXT x", "NS ns1", "DNAME a", "A 192.0.2.9"]), max_size=8))
def test_what_exists(owners: dict[str, str]) -> None:
    """Every name has its parents; nothing stands below a cut or a DNAME; every name of the files is there, or hidden, or glue."""
    zone = compiled("".join(f"{owner} {data}\n" for owner, data in owners.items()))
    hiding = {owner for owner, node in zone.nodes.items() if node.cut or any(rrset.type == 39 for rrset in node.rrsets)}
    for owner in zone.nodes:
        above = owner
        while above != zone.apex:
            above = names.parent(above)
            assert above in zone.nodes
            assert above not in hiding
    for owner in owners:
        above = wire = name(owner)
        while above != zone.apex and above not in hiding:
            above = names.parent(above)
        assert wire in zone.nodes or (above in hiding and above != wire)


def test_a_large_zone_is_lean() -> None:
    """Names with an address each: what the plan adds to the model."""
    count = 20_000
    soa = model.NameData((model.RRset(6, 60, (names.ROOT * 2 + bytes(20),)),))
    found = {names.from_text(f"host-{n}.example.com."): model.NameData((model.RRset(1, 300, ((0x0A000000 + n).to_bytes(4),)),)) for n in range(count)}
    zone = model.Zone(name("@"), {name("@"): soa, **found})
    tracemalloc.start()
    made = compile_zone(zone, {})
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(made.nodes) == count + 1
    assert size / count < 450
