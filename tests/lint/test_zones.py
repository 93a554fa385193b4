"""Rules on zones: apex, delegations, aliases, targets, owners, sizes, keys, nesting."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gslb import model, names
from gslb.lint import lint
from gslb.lint.keys import key_tag

Judge = Callable[..., list[str]]
Zones = Callable[..., model.Zone]
NS = "@ NS ns1\nns1 A 192.0.2.1\n"


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("", []),
        # aliases
        ("a CNAME ns1\n", []),
        ("a CNAME ns1\na TXT x\n", ["L080"]),
        ("a CNAME ns1\na RRSIG CNAME 13 3 300 20260101000000 20250101000000 1 example.com. AAAA\n", ["L103?"]),
        ("a CNAME ns1\na CNAME b.example.org.\n", ["L081"]),
        ("a CNAME b\nb CNAME c\nc CNAME a\n", ["L083"]),
        ("a CNAME a\n", ["L083"]),
        ("x CNAME a\na CNAME b\nb CNAME a\n", ["L083"]),
        ("*.w CNAME a.w\n", ["L083"]),
        ("".join(f"c{i} CNAME c{i + 1}\n" for i in range(8)) + "c8 TXT x\n", []),
        ("".join(f"c{i} CNAME c{i + 1}\n" for i in range(9)) + "c9 TXT x\n", ["L084?"]),
        ("d DNAME a.example.org.\nd DNAME b.example.org.\n", ["L085"]),
        ("d DNAME a.example.org.\nx.d TXT x\ny.x.d TXT x\n", ["L086", "L086"]),
        ("d DNAME a.example.org.\nd NS ns1\n", ["L087"]),
        ("*.d DNAME a.example.org.\n", ["L088?"]),
        ("d DNAME a.example.org.\na CNAME x.d\n", []),
        # delegations
        ("s NS ns1\n", []),
        ("s NS ns.example.org.\n", []),
        ("s NS ns.s\nns.s A 192.0.2.2\n", []),
        ("s NS ns.s\nns.s AAAA 2001:db8::1\n", []),
        ("s NS ns.s\n", ["L073"]),
        ("s NS ns2\n", ["L073"]),
        ("s NS ns2\nx.ns2 A 192.0.2.2\n", ["L073"]),
        ("s NS ns2\n*  A 192.0.2.2\n", []),
        ("s NS ns.t\nt NS ns.t\nns.t A 192.0.2.2\n", []),
        ("s NS ns2\nns2 CNAME ns1\n", ["L072"]),
        ("*.s NS ns1\n", ["L070"]),
        ("s NS ns1\ns DS 1 13 1 0123456789012345678901234567890123456789\n", []),
        ("s DS 1 13 1 0123456789012345678901234567890123456789\n", ["L074?"]),
        ("@ DS 1 13 1 0123456789012345678901234567890123456789\n", ["L062"]),
        ("s NS ns1\nx.s TXT x\ns MX 10 ns1\nx.s A 192.0.2.2\n", ["L076?", "L076?", "L076?"]),
        # targets
        ("@ MX 10 ns1\n", []),
        ("@ MX 0 .\n_x._tcp SRV 0 0 0 .\n", []),
        ("@ MX 10 m\nm CNAME ns1\n", ["L090?"]),
        ("_x._tcp SRV 1 1 1 m\nm CNAME ns1\n", ["L090?"]),
        ("@ MX 10 m\n", ["L091?"]),
        ("@ MX 10 m\nm TXT x\n", ["L091?"]),
        ("@ MX 10 m\n* A 192.0.2.2\n", []),
        ("@ MX 10 m.s\ns NS ns1\n", []),
        ("@ MX 10 m.d\nd DNAME example.org.\n", []),
        ("a CNAME b\n", ["L092?"]),
        ("a CNAME b\nx.b TXT x\n", []),
        ("a HTTPS 1 b\n", ["L092?"]),
        ("a HTTPS 1 .\na HTTPS 0 ns1\n", ["L093?"]),
        ("@ MX 10 mail.example.com\n", ["L094?", "L091?"]),
        ("s NS ns1.example.com\n", ["L073", "L094?"]),
        # owners
        ("www.example.com A 192.0.2.2\n", ["L100?"]),
        ("a.*.b TXT x\n", ["L101?"]),
        ("a* TXT x\n", ["L101?"]),
        ("*.b TXT x\n", []),
        ("_a._b A 192.0.2.2\n", []),
        ("a\\ b A 192.0.2.2\na\\ b TXT x\n", ["L102?"]),
        ("a.b\\$c.d MX 10 ns1\n", ["L102?"]),
        ("a\\.b TXT x\n", []),
        # TTLs and sizes
        ("a 604800 A 192.0.2.2\n", []),
        ("a 604801 A 192.0.2.2\n", ["L110?"]),
        ("a 0 A 192.0.2.2\n", ["L111?"]),
        ("$GENERATE 1-70 a A 192.0.2.$\n", []),
        ("$GENERATE 1-80 a A 192.0.2.$\n", ["L113?"]),
        ("a TXT " + f'"{"a" * 255}" ' * 6 + "\n", ["L113?"]),
        ('$GENERATE 1-300 a TXT "\\"' + "a" * 230 + '$\\""\n', ["L112"]),
    ],
)
def test_zone(body: str, codes: list[str], zone_of: Zones, judge_zones: Judge) -> None:
    assert sorted(judge_zones(zone_of(body))) == sorted(codes)


@pytest.mark.parametrize(
    ("soa", "codes"),
    [
        ("3600 SOA ns1 h 1 7200 900 1209600 300", []),
        ("3600 SOA ns1 h 1 7200 900 1209600 604800", []),  # the SOA's own TTL is the bound
        ("604800 SOA ns1 h 1 7200 900 1209600 86400", []),
        ("604800 SOA ns1 h 1 7200 900 1209600 86401", ["L063?"]),
        ("3600 SOA ns1 h 1 900 7200 1209600 300", ["L064?"]),
        ("3600 SOA ns1 h 1 7200 900 8100 300", ["L065?"]),
        ("3600 SOA ns1 h@example.com. 1 7200 900 1209600 300", ["L066?"]),
    ],
)
def test_soa(soa: str, codes: list[str], zone_of: Zones, judge_zones: Judge) -> None:
    assert judge_zones(zone_of("", head=f"$TTL 3600\n@ {soa}\n{NS}")) == codes


def test_apex_without_ns(zone_of: Zones, judge_zones: Judge) -> None:
    assert judge_zones(zone_of("", head="@ 60 SOA ns1.example.org. h 1 7200 900 1209600 300\n")) == ["L061"]


def test_apex_without_soa(judge_zones: Judge) -> None:
    apex = names.from_text("example.com.")
    assert judge_zones(model.Zone(apex, {apex: model.NameData((model.RRset(2, 60, (b"\0",), (b"\0",)),))})) == ["L060"]
    assert judge_zones(model.Zone(apex, {})) == ["L060", "L061"]


class TestPools:
    def test_beside_static_data(self, zone_of: Zones, judge_zones: Judge, pool_of: Callable[..., model.Pool]) -> None:
        web = pool_of("192.0.2.9 2001:db8::9")
        assert judge_zones(zone_of("w GSLB web\nw TXT x\nw MX 10 ns1\n"), pools=(web,)) == []
        assert judge_zones(zone_of("w GSLB web\nw A 192.0.2.2\nw AAAA ::1\n"), pools=(web,)) == ["L082", "L082"]
        assert judge_zones(zone_of("w GSLB web\nw CNAME ns1\n"), pools=(web,)) == ["L082"]
        assert judge_zones(zone_of("@ GSLB web\n"), pools=(web,)) == []

    def test_as_targets(self, zone_of: Zones, judge_zones: Judge, pool_of: Callable[..., model.Pool]) -> None:
        web = pool_of("192.0.2.9 2001:db8::9")
        assert judge_zones(zone_of("w GSLB web\n@ MX 10 w\na CNAME w\n"), pools=(web,)) == []
        assert judge_zones(zone_of("w GSLB web\ns NS w\n"), pools=(web,)) == ["L071"]

    def test_at_and_below_cuts(self, zone_of: Zones, judge_zones: Judge, pool_of: Callable[..., model.Pool]) -> None:
        web = pool_of("192.0.2.9 2001:db8::9")
        assert judge_zones(zone_of("s NS ns1\ns GSLB web\nx.s GSLB web\n"), pools=(web,)) == ["L075", "L075"]

    def test_ttl_zero(self, zone_of: Zones, judge_zones: Judge, pool_of: Callable[..., model.Pool]) -> None:
        assert judge_zones(zone_of("w 0 GSLB web\n"), pools=(pool_of("192.0.2.9"),)) == ["L111?"]


class TestNesting:
    def test_a_child_wants_a_delegation(self, zone_of: Zones, judge_zones: Judge) -> None:
        child = zone_of("", apex="sub.example.com.")
        assert judge_zones(zone_of(""), child) == ["L120?"]
        assert judge_zones(zone_of("sub NS ns1.sub\nns1.sub A 192.0.2.1\n"), child) == []
        assert judge_zones(zone_of("x.sub TXT x\n"), child) == ["L121?", "L120?"]

    def test_names_are_looked_up_in_the_deepest_zone(self, zone_of: Zones, judge_zones: Judge) -> None:
        child = zone_of("mail A 192.0.2.2\n", apex="sub.example.com.")
        parent = "sub NS ns1.sub\nns1.sub A 192.0.2.1\n"
        assert judge_zones(zone_of(parent + "@ MX 10 mail.sub\n"), child) == []
        assert judge_zones(zone_of(parent + "@ MX 10 nomail.sub\n"), child) == ["L091?"]

    def test_circles_through_zones(self, zone_of: Zones, judge_zones: Judge) -> None:
        one, other = zone_of("a CNAME b.example.org.\n"), zone_of("b CNAME a.example.com.\n", apex="example.org.")
        assert judge_zones(one, other) == ["L083", "L083"]  # told once in each zone

    def test_the_root_is_a_zone(self, zone_of: Zones, judge_zones: Judge) -> None:
        assert judge_zones(zone_of("com NS ns.com\nns.com A 192.0.2.1\n", apex="."), zone_of("", apex="org.")) == ["L120?"]


class TestKeys:
    KEY = "257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ=="

    def test_offers(self, zone_of: Zones, judge_zones: Judge) -> None:
        digest = "01" * 32
        assert judge_zones(zone_of(f"@ DNSKEY {self.KEY}\n@ CDNSKEY {self.KEY}\n@ CDS 2371 13 2 {digest}\n")) == []
        assert judge_zones(zone_of(f"@ DNSKEY {self.KEY}\n@ CDS 2372 13 2 {digest}\n")) == ["L068"]
        assert judge_zones(zone_of(f"@ CDNSKEY {self.KEY}\n")) == ["L068"]
        assert judge_zones(zone_of("@ CDS 0 0 0 00\n@ CDNSKEY 0 3 0 AA==\n")) == []
        assert judge_zones(zone_of(f"@ DNSKEY {self.KEY}\n@ CDS 2371 13 2 {digest}\n@ CDS 0 0 0 00\n")) == ["L067"]

    def test_key_tag_is_the_usual_one(self) -> None:
        import dns.dnssec
        import dns.rdata

        for key in (self.KEY, "256 3 8 AwEAAb==", "257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="):
            record = dns.rdata.from_text("IN", "DNSKEY", key)
            assert key_tag(record.to_wire()) == dns.dnssec.key_id(record)


def test_signatures_are_told_once(zone_of: Zones, judge_zones: Judge) -> None:
    body = "a NSEC b A\nb NSEC @ A\na A 192.0.2.1\nb A 192.0.2.1\n@ NSEC3PARAM 1 0 0 -\n"
    assert judge_zones(zone_of(body)) == ["L103?", "L103?"]


def test_problems_come_in_the_order_of_the_file(zone_of: Zones) -> None:
    zone = zone_of("a CNAME b\nc 0 A 192.0.2.2\nd.example.com MX 10 x\n")
    found = lint(model.Model({}, {}, {}, {zone.apex: zone}))
    assert [one.where.line for one in found] == sorted(one.where.line for one in found) == [5, 6, 7, 7]
    assert found[0].where.column == 3


def test_a_large_zone_is_judged_quickly(zone_of: Zones, judge_zones: Judge) -> None:
    import time

    zone = zone_of("$GENERATE 1-50000 h$ A 192.0.2.1\n$GENERATE 1-20000 c$ CNAME h$\n$GENERATE 1-5000 s$ NS ns1\n")
    began = time.process_time()
    assert judge_zones(zone) == []
    assert time.process_time() - began < 10
