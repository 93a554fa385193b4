"""`hints: auto` finds its pool, and `expose_sites` makes a name for each site."""

from __future__ import annotations

import pytest

from gslb import names

HEAD = """\
zone: example.com
soa: {primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30}
sites: {fra: {location: [50.1, 8.6]}, iad: {location: [39.0, -77.4]}}
pools:
  web: {members: [{site: fra, address: [192.0.2.1, "2001:db8::1"]}, {site: iad, address: 192.0.2.2}, {address: 192.0.2.3}], policy: all, ttl: 60/10%s}
records:
  '': {type: NS, values: [ns.example.org.]}
"""
WWW = "  www: [{pool: web}, {type: HTTPS, value: {priority: 1, target: ., params: {alpn: [h2], port: 8443}, hints: auto}}]\n"


@pytest.fixture
def load(load_text):
    return lambda records, pool="": load_text(x__yaml=HEAD % pool + records)


def codes(loaded):
    return [problem.code for problem in loaded.problems if problem.code != "L023"]


def at(loaded, text):
    [zone] = loaded.model.zones.values()
    return zone.names.get(names.from_text(text))


class TestHints:
    def test_the_record_s_own_pool(self, load):
        loaded = load(WWW)
        assert not loaded.fatal, loaded.problems
        data = at(loaded, "www.example.com.")
        [hinted] = data.hinted
        assert (hinted.type, hinted.pool, hinted.where.line) == (65, "web", 8)
        assert hinted.rdata == b"\0\1\0" + b"\0\1\0\3\2h2" + b"\0\3\0\2\x20\xfb"
        assert not [rrset for rrset in data.rrsets if rrset.type == 65]

    def test_another_name_s_pool(self, load):
        loaded = load(WWW + "  '@x': {type: HTTPS, value: {priority: 1, target: WWW.example.com., hints: auto}}\n".replace("@x", "x"))
        assert at(loaded, "x.example.com.").hinted[0].pool == "web"

    @pytest.mark.parametrize(
        "record",
        [
            "{type: HTTPS, value: {priority: 1, target: ., hints: auto}}",
            "{type: HTTPS, value: {priority: 1, target: elsewhere.example.net., hints: auto}}",
            "[{pool: web}, {type: HTTPS, value: {priority: 0, target: www.example.com., hints: auto}}]",
            "[{pool: web}, {type: HTTPS, value: {priority: 1, target: ., params: {ipv4hint: 192.0.2.9}, hints: auto}}]",
            "[{pool: web}, {type: HTTPS, values: [{priority: 1, target: ., hints: auto}, {priority: 2, target: .}]}]",
        ],
    )
    def test_what_is_wrong(self, load, record):
        assert [problem.code for problem in load(WWW + f"  x: {record}\n").problems if problem.code[0] == "R"] == ["R023"]

    def test_a_second_record_of_the_type(self, load):
        record = "{type: HTTPS, value: {priority: 1, target: ., hints: auto}}"
        assert "R009" in [problem.code for problem in load(f"  x: [{{pool: web}}, {record}, {record}]\n").problems]

    def test_beside_a_cname(self, load):
        record = "[{type: CNAME, value: www.example.com.}, {type: HTTPS, value: {priority: 1, target: www.example.com., hints: auto}}]"
        assert "L080" in [problem.code for problem in load(WWW + f"  x: {record}\n").problems]


class TestSites:
    @pytest.mark.parametrize(("pool", "reference"), [("", ", expose_sites: true"), (", expose_sites: true", "")])
    def test_each_site_gets_a_name(self, load, pool, reference):
        loaded = load(f"  www: {{pool: web, ttl: 40{reference}}}\n", pool)
        assert codes(loaded) == []
        fra, iad = at(loaded, "fra.www.example.com."), at(loaded, "iad.www.example.com.")
        assert [(rrset.type, rrset.ttl, len(rrset.rdata)) for rrset in fra.rrsets] == [(1, 40, 1), (28, 40, 1)]
        assert [(rrset.type, rrset.rdata) for rrset in iad.rrsets] == [(1, (bytes([192, 0, 2, 2]),))]

    def test_nobody_gets_one_who_did_not_ask(self, load):
        assert at(load("  www: {pool: web}\n"), "fra.www.example.com.") is None
        assert at(load("  '*': {pool: web, expose_sites: true}\n"), "fra.*.example.com.") is None

    def test_a_name_that_is_there_already(self, load):
        loaded = load("  www: {pool: web, expose_sites: true}\n  fra.www: {type: TXT, value: mine}\n")
        assert codes(loaded) == ["R024"]

    def test_a_name_too_long(self, load):
        long = ".".join(["x" * 60] * 3 + ["y" * 55])
        assert codes(load(f"  {long}: {{pool: web, expose_sites: true}}\n")) == ["R024", "R024"]

    def test_neither_yes_nor_no(self, load):
        assert codes(load("  www: {pool: web, expose_sites: 3}\n")) == ["R001"]

    def test_in_master_files_too(self, load_text):
        pools = (
            HEAD.split("records:", maxsplit=1)[0]
            .replace("zone: example.com\n", "")
            .replace("soa: {primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30}\n", "")
        )
        zone = "$TTL 60\n@ SOA ns1.example.org. h.example.org. 1 7200 900 1209600 30\n@ NS ns1.example.org.\nwww 30 GSLB web\n"
        loaded = load_text(a__yaml=pools % ", expose_sites: true", **{"example.com__zone": zone})
        assert at(loaded, "fra.www.example.com.") is not None, loaded.problems
