"""Records in YAML become the right octets, decoded here by dnslib, which did not encode them."""

from __future__ import annotations

import dnslib
import pytest
from dnslib.dns import RDMAP

from gslb.config import rdata, txt

WWW = b"\x03www\x07example\x03com\x00"
LOC = (
    "{lat_degrees: 52, lat_minutes: 22, lat_seconds: 23, lat_direction: N, long_degrees: 4, long_minutes: 53, long_seconds: 32.5, "
    "long_direction: E, altitude: -2.00, size: 1, precision_horz: 10000, precision_vert: 10}"
)


def decoded(type_text, wire):
    """Let dnslib say what the octets mean, in a message of their own."""
    number = rdata.type_number(type_text)
    message = b"\x00" * 4 + b"\x00\x00\x00\x01" + b"\x00" * 4 + b"\x00" + number.to_bytes(2, "big") + b"\x00\x01" + b"\x00" * 4
    record = dnslib.DNSRecord.parse(message + len(wire).to_bytes(2, "big") + wire).rr[0]
    assert type_text not in RDMAP or type(record.rdata) is not dnslib.RD
    return str(record.rdata)


@pytest.mark.parametrize(
    ("type_text", "value", "expected"),
    [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:DB8::0:1", "2001:db8::1"),
        ("CNAME", "Target.example.net.", "Target.example.net."),
        ("DNAME", "example.net.", None),
        ("PTR", "host.example.net.", "host.example.net."),
        ("MX", "{preference: 10, exchange: mail.example.net.}", "10 mail.example.net."),
        ("MX", "{priority: 10, value: mail.example.net.}", "10 mail.example.net."),
        ("MX", "10 mail.example.net.", "10 mail.example.net."),
        ("MX", "{preference: '0', exchange: .}", "0 ."),
        ("SRV", "{priority: 1, weight: 2, port: 5060, target: sip.example.net.}", "1 2 5060 sip.example.net."),
        ("CAA", "{flags: 0, tag: issue, value: ca.example.net; x=y}", '0 issue "ca.example.net; x=y"'),
        ("CAA", "{tag: iodef, value: 'mailto:a@b'}", '0 iodef "mailto:a@b"'),
        (
            "NAPTR",
            "{order: 100, preference: 10, flags: S, service: SIP+D2U, regexp: '', replacement: _sip._udp.example.net.}",
            '100 10 "S" "SIP+D2U" "" _sip._udp.example.net.',
        ),
        ("NAPTR", r"{order: 1, preference: 1, flags: U, service: E2U+sip, regexp: '!^.*$!sip:x@y!', replacement: .}", None),
        ("SSHFP", "{algorithm: 1, fingerprint_type: 1, fingerprint: " + "bf" * 20 + "}", "1 1 " + "BF" * 20),
        ("SSHFP", "{algorithm: 4, fingerprint_type: 1, fingerprint: 1234567890123456789012345678901234567e89}", None),
        ("TLSA", "{certificate_usage: 3, selector: 1, matching_type: 0, certificate_association_data: 0a0b}", "3 1 0 0A0B"),
        ("DS", "{key_tag: 60485, algorithm: 5, digest_type: 1, digest: 2BB183AF5F22588179A53B0A98631FAD1A292118}", None),
        ("DS", "{key_tag: 60485, algorithm: RSASHA1, digest_type: 1, digest: 2BB183AF5F22588179A53B0A98631FAD1A292118}", None),
        ("LOC", LOC, None),
        ("TXT", "hello", '"hello"'),
    ],
)  # fmt: skip
def test_values_become_rdata(zone, type_text, value, expected):
    names = zone(f"www: {{type: {type_text}, value: {value}}}" if value[0] == "{" else f"www: {{type: {type_text}, value: '{value}'}}")
    [rrset] = names[WWW].rrsets
    assert rrset.type == rdata.type_number(type_text)
    [wire] = rrset.rdata
    text = decoded(type_text, wire)
    if expected is not None:
        assert text == expected


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ("{svcpriority: 0, targetname: a.example.net.}", "0000 01610765 78616d706c65 036e6574 00"),
        ("{priority: 1, target: ., params: {alpn: [h2, h3], port: 8443}}", "0001 00 0001 0006 026832 026833 0003 0002 20fb"),
        ("{priority: 1, target: ., svcparams: {alpn: [h2], no-default-alpn: }}", "0001 00 0001 0003 026832 0002 0000"),
        ("{priority: 1, target: ., params: {ipv4hint: [192.0.2.1, 192.0.2.2]}}", "0001 00 0004 0008 c0000201 c0000202"),
        ("{priority: 1, target: ., params: {ipv6hint: '2001:db8::1'}}", "0001 00 0006 0010 20010db8000000000000000000000001"),
        ("{priority: 1, target: ., params: {key65333: 'a b'}}", "0001 00 ff35 0003 612062"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("type_text", ["HTTPS", "SVCB"])
def test_service_bindings_have_the_octets_of_rfc_9460(zone, value, wire, type_text):
    [rrset] = zone(f"www: {{type: {type_text}, value: {value}}}")[WWW].rrsets
    assert rrset.rdata == (bytes.fromhex(wire),)


def test_an_unknown_type_is_written_as_rfc_3597_says(zone):
    [rrset] = zone(r"www: {type: TYPE65400, value: '\# 4 0a000001'}")[WWW].rrsets
    assert (rrset.type, rrset.rdata) == (65400, (b"\x0a\0\0\1",))
    [rrset] = zone(r"www: {type: A, value: '\# 4 0a000001'}")[WWW].rrsets
    assert (rrset.type, rrset.rdata) == (1, (b"\x0a\0\0\1",))


def test_any_other_type_is_written_in_presentation_form(zone):
    [rrset] = zone("www: {type: OPENPGPKEY, value: AQIDBA==}")[WWW].rrsets
    assert (rrset.type, rrset.rdata) == (61, (b"\1\2\3\4",))
    [rrset] = zone("www: {type: RP, value: 'admin info'}")[WWW].rrsets
    assert rrset.rdata == (b"\5admin\7example\3com\0\4info\7example\3com\0",)


def test_uri_targets_are_quoted(zone):
    [rrset] = zone("www: {type: URI, value: {priority: 10, weight: 1, target: 'ftp://example.net/a\"b'}}")[WWW].rrsets
    assert rrset.rdata == (b'\0\x0a\0\1ftp://example.net/a"b',)


def test_several_values_keep_their_order_and_targets(zone):
    names = zone("""
www:
  - {type: MX, ttl: 5m, values: [{preference: 20, exchange: B.example.net.}, {preference: 10, exchange: a.example.net.}]}
  - {type: TXT, values: [b, a, 1.10, true, 0x1F]}
""")
    mx, text = names[WWW].rrsets
    assert (mx.ttl, text.ttl) == (300, 3600)
    assert mx.targets == (b"\1B\7example\3net\0", b"\1a\7example\3net\0")
    assert text.rdata == (b"\1b", b"\1a", b"\x041.10", b"\4true", b"\x040x1F")


def test_default_ttl_is_for_those_without_their_own(zone):
    names = zone("www: [{type: A, value: 192.0.2.1}, {type: TXT, ttl: 0, value: x}]", "default_ttl: 10m\n")
    assert [rrset.ttl for rrset in names[WWW].rrsets] == [600, 0]


def test_octodns_keys_are_tolerated(zone):
    names = zone("www: {type: A, ttl: 60, octodns: {excluded: [route53], cloudflare: {proxied: true}}, values: [192.0.2.1]}")
    assert names[WWW].rrsets[0].rdata == (b"\xc0\0\2\1",)


def test_names_are_relative_absolute_or_the_apex(zone):
    names = zone("""
'*': {type: A, value: 192.0.2.1}
a.B: {type: A, value: 192.0.2.1}
c.example.com.: {type: A, value: 192.0.2.1}
bücher: {type: A, value: 192.0.2.1}
1: {type: PTR, value: x.example.net.}
a\\.b: {type: A, value: 192.0.2.1}
""")
    apex = b"\x07example\x03com\x00"
    expected = [b"\1*", b"\1a\1b", b"\1c", b"\x0dxn--bcher-kva", b"\x011", b"\3a.b"]
    assert set(names) == {apex, *(label + apex for label in expected)}


def test_a_pool_stands_beside_static_types(zone):
    names = zone(
        "www: [{pool: web, ttl: 30, types: [AAAA]}, {type: TXT, value: x}]", "pools: {web: {members: [{address: [192.0.2.1, '2001:db8::1']}]}}\n"
    )
    pool = names[WWW].pool
    assert (pool.pool, pool.ttl, pool.types) == ("web", 30, (28,))
    assert [rrset.type for rrset in names[WWW].rrsets] == [16]


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("v=DMARC1\\; p=none; x", [b"v=DMARC1; p=none; x"]), ("", [b""]), ('say \\"hi\\"', [b'say "hi"']), ("back\\\\slash", [b"back\\slash"]),
        ("\\195\\188", ["ü".encode()]), ("ü", ["ü".encode()]), ('"one" "two"', [b"onetwo"]), ('"a\\"b"', [b'a"b']), ("x" * 256, [b"x" * 255, b"x"]),
        ("x" * 255, [b"x" * 255]), ("trailing\\", [b"trailing\\"]),
    ],
)  # fmt: skip
def test_txt_is_one_text_of_any_length(text, chunks):
    wire = txt.wire(text)
    assert wire == b"".join(bytes([len(chunk)]) + chunk for chunk in chunks)
    if chunks != [b""]:
        assert b"".join(dnslib.TXT.parse(dnslib.DNSBuffer(wire), len(wire)).data) == b"".join(chunks)


def test_a_txt_that_does_not_fit_a_record_is_refused():
    txt.wire("x" * 65_279)
    with pytest.raises(ValueError, match="does not fit"):
        txt.wire("x" * 65_280)


@pytest.mark.parametrize("evil", ["a. 86400 IN A 1.2.3.4", "x\\nwww A 1.2.3.4", "a;b.", "(", '"', "a b."])
def test_nothing_is_smuggled_through_a_field(load_text, evil):
    head = "zone: example.com\nrecords:\n  '': {type: NS, values: [ns.example.net.]}\n"
    loaded = load_text(example__com__yaml=f"{head}  x: {{type: MX, value: {{preference: 1, exchange: '{evil}'}}}}\n")
    assert loaded.fatal
