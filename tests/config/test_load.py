"""Loading whole folders: which files count, one namespace, and what is said of the rest."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.config import Source, build, load
from gslb.errors import Problems, Severity
from gslb.model import AllDown

APEX = b"\7example\3com\0"
NS = "  '': {type: NS, values: [ns.example.org.]}\n"
POOL = "{p: {members: [{address: 192.0.2.1}], check: a}}"
EXAMPLE = Path(__file__).parent / "example.com.yaml"


def told(loaded, folder=""):
    return [str(problem).replace(f"{folder}/", "") for problem in loaded.problems]


@pytest.fixture
def folder(tmp_path):
    def write(**files):
        for name, text in files.items():
            (tmp_path / name.replace("__", ".")).write_text(text)
        return tmp_path

    return write


def test_the_designs_example_loads_without_a_problem():
    loaded = load([EXAMPLE])
    assert loaded.problems == ()
    model = loaded.model
    assert set(model.sites) == {"fra", "iad", "sin"}
    assert (model.checks["web"].interval, model.checks["web"].timeout, model.checks["web"].down, model.checks["web"].up) == (5, 2, 3, 5)
    web = model.pools["web"]
    assert [(member.id, member.weight, member.checks) for member in web.members] == [("fra", 3, ("web",)), ("iad", 1, ("web",)), ("sin", 1, ("web",))]
    assert (web.policy.preset, [spec.name for spec in web.policy.filters], web.answers) == ("nearest", ["healthy", "nearest"], 1)
    assert (web.ttl_max, web.ttl_min, web.when_all_down) == (60, 10, AllDown("backup", "sorry"))
    assert model.pools["sorry"].members[0].checks == ()
    zone = model.zones[APEX]
    assert len(zone.names) == 6
    assert zone.names[APEX].pool.types == (1, 28)
    assert zone.names[b"\3www" + APEX].pool.ttl == 30
    soa = next(rrset for rrset in zone.names[APEX].rrsets if rrset.type == 6)
    assert soa.rdata[0] == b"\3ns1" + APEX + b"\x0ahostmaster" + APEX + bytes.fromhex("78c40401 00000e10 00000384 00127500 0000001e")
    assert (zone.where.file, zone.where.line) == (str(EXAMPLE), 1)


def test_the_commented_policy_of_the_example_loads_too():
    text = EXAMPLE.read_text().replace("    policy: nearest  ", "    #").replace("    # policy: [", "    policy: [")
    loaded = build([Source(EXAMPLE, text)], Problems(), lambda _source: str)
    assert loaded.problems == ()
    assert [spec.name for spec in loaded.model.pools["web"].policy.filters] == ["healthy", "geo", "limit"]


def test_a_folder_is_read_in_order_and_without_what_is_not_ours(folder):
    path = folder(
        b__yaml="sites: {fra: {}}\n",
        example__com__yml="zone: example.com\nrecords:\n" + NS + "  www: {pool: web}\n",
        pools__yaml="pools: {web: {members: [{site: fra, address: 192.0.2.1}]}}\n",
        gslb__yaml="node: x\n",
        networks__yaml="10.0.0.0/8: {site: fra}\n",
        notes__txt="not ours",
        example__net__zone="@ 60 IN SOA ns.example.org. h.example.org. 1 7200 900 1209600 300\n@ 60 IN NS ns.example.org.\nwww 60 IN GSLB web\n",
    )
    (path / ".hidden.yaml").write_text("- broken")
    (path / "sub").mkdir()
    loaded = load([path])
    assert told(loaded) == []
    assert [Path(name).name for name in loaded.sources] == ["b.yaml", "example.com.yml", "example.net.zone", "networks.yaml", "pools.yaml"]
    assert set(loaded.model.zones) == {APEX, b"\7example\3net\0"}
    assert [str(fact.network) for fact in loaded.model.networks] == ["10.0.0.0/8"]
    assert loaded.model.zones[b"\7example\3net\0"].names[b"\3www\7example\3net\0"].pool.pool == "web"


def test_networks_named_in_the_settings_are_no_zone_and_read_once(folder):
    path = folder(clients__yaml="10.0.0.0/8: {tags: [office]}\n", example__com__yaml="zone: example.com\nrecords:\n" + NS)
    loaded = load([path], path / "clients.yaml")
    assert loaded.problems == ()
    assert len(loaded.model.networks) == 1


def test_one_file_named_twice_is_read_once(folder):
    path = folder(example__com__yaml="zone: example.com\nrecords:\n" + NS)
    assert load([path, path / "example.com.yaml", path / "." / "example.com.yaml"]).problems == ()


def test_missing_unreadable_and_empty(folder, tmp_path):
    path = folder()
    loaded = load([path / "nope.yaml", path, path / "zones"], path / "networks.yaml")
    assert told(loaded, path.parent) == [
        f"{path.name}: F005 no *.yaml, *.yml or *.zone file in this folder",
        f"{path.name}/networks.yaml: F001 no such file or folder",
        f"{path.name}/nope.yaml: F001 no such file or folder",
        f"{path.name}/zones: F001 no such file or folder",
    ]
    looping = tmp_path / "loop.yaml"
    looping.symlink_to(looping)
    assert [problem.code for problem in load([looping]).problems] == ["F002"]
    (tmp_path / "db.example.com").write_text("")
    assert [problem.code for problem in load([tmp_path / "db.example.com"]).problems] == ["F006"]
    waiting = tmp_path / "fifo.yaml"
    os.mkfifo(waiting)
    assert [problem.code for problem in load([waiting]).problems] == ["F002"]
    assert [problem.code for problem in load([path / "a\0b"]).problems] == ["F001"]


def test_a_file_that_is_too_large_is_not_read(folder, monkeypatch):
    from gslb.config import bounds

    monkeypatch.setattr(bounds, "MAX_OCTETS", 10)
    assert [problem.code for problem in load([folder(example__com__yaml="zone: example.com\n")]).problems] == ["F004"]


def test_redefinitions_name_both_places(folder):
    zone = "zone: example.com\nrecords:\n" + NS
    path = folder(
        a__yaml="sites: {fra: {}}\nchecks: {c: {type: tcp, port: 1}}\n" + zone, b__yaml="sites: {fra: {}}\nchecks: {c: {type: tcp, port: 1}}\n" + zone
    )
    path = folder(example__com__zone="@ 60 IN SOA ns.example.org. h.example.org. 1 2 3 4 5\n@ 60 IN NS ns.example.org.\n")
    loaded = load([path])
    assert [text for text in told(loaded, path) if " L00" not in text] == [
        "b.yaml:1:9: C007 site 'fra' is defined a second time",
        "b.yaml:2:10: C007 check 'c' is defined a second time",
        "b.yaml:3:1: C026 zone example.com. is defined a second time",
        "example.com.zone:1:9: C026 zone example.com. is defined a second time",
    ]
    assert {problem.hint.replace(f"{path}/", "") for problem in loaded.problems if problem.code == "C007"} == {
        "the first one is at a.yaml:1:9",
        "the first one is at a.yaml:2:10",
    }


def test_mistakes_of_all_files_are_told_at_once_in_order(folder):
    path = folder(
        a__yaml="zone: a.example\nrecords:\n" + NS + "  x: {type: A, value: 1}\n  y: {type: AAAA, value: 2}\n",
        b__zone="broken",
        c__yaml="a: [",
        d__yaml="pools: {web: 7}\n",
    )
    loaded = load([path])
    files = [Path(problem.where.file).name for problem in loaded.problems if problem.severity is Severity.ERROR]
    assert files == sorted(files)
    assert set(files) == {"a.yaml", "b.zone", "c.yaml", "d.yaml"}


def test_what_follows_from_a_mistake_is_not_told(load_text):
    text = f"""
zone: example.com
sites: {{fra: {{location: nowhere}}}}
checks: {{web: {{type: https, prot: 443}}}}
pools:
  web: {{members: [{{site: fra, address: 192.0.2.256}}], check: web, ttl: soon}}
records:
{NS}  ns: {{type: A, value: 192.0.2.300}}
  sub: {{type: NS, value: ns.example.com.}}
  other: {{type: NS, value: ns.other}}
  www: {{pool: web}}
"""
    loaded = load_text(x__yaml=text)
    assert [problem.code for problem in loaded.problems] == ["C012", "C002", "C009", "C019", "R006", "R008"]


def test_unknown_names_are_told_beside_other_mistakes(load_text):
    loaded = load_text(
        x__yaml=f"zone: example.com\npools: {{web: {{members: [{{site: fra, address: 192.0.2.1}}], ttl: x}}}}\nrecords:\n{NS}  a: {{pool: wbe}}\n"
    )
    assert [problem.code for problem in loaded.problems] == ["L001", "C019", "L003"]


def test_warnings_can_be_silenced_and_errors_cannot(folder):
    path = folder(
        x__yaml="zone: example.com\npools: {web: {members: [{address: 192.0.2.1}]}}\nrecords:\n"
        + NS
        + "  a: {type: A, values: [192.0.2.1, 192.0.2.1]}\n"
    )
    assert [problem.code for problem in load([path]).problems] == ["L005", "R010"]
    assert [problem.code for problem in load([path], silence=frozenset(["R010"])).problems] == ["L005"]
    (path / "x.yaml").write_text("zonee: 1\nrecords: {}\n")
    assert load([path], silence=frozenset(["C002"])).fatal


def test_places_for_anchors_at_the_top(load_text):
    head = "x-base: &base {interval: 10s, timeout: 3s}\nchecks: {a: {<<: *base, type: tcp, port: 443}}\n"
    loaded = load_text(x__yaml=f"{head}pools: {POOL}\nzone: example.com\nrecords:\n{NS}  x: {{pool: p}}\n")
    assert loaded.problems == ()
    assert (loaded.model.checks["a"].interval, loaded.model.checks["a"].timeout) == (10, 3)


def test_a_check_is_known_by_what_it_does(load_text):
    def digest(check):
        loaded = load_text(x__yaml=f"checks: {{a: {check}}}\npools: {POOL}\nzone: example.com\nrecords:\n{NS}  x: {{pool: p}}\n")
        assert not loaded.fatal
        return loaded.model.checks["a"].digest

    one = digest("{type: tcp, port: 443}")
    assert one == digest("{port: 443, interval: 5000ms, type: tcp}")
    others = ["{type: tcp, port: 444}", "{type: tcp, port: 443, interval: 6s}", "{type: tcp, port: 443, up: 6}", "{type: tcp, port: 443, send: x}"]
    assert len({one, *map(digest, others)}) == 5


def test_members_get_ids_of_their_own(load_text):
    text = f"""
sites: {{fra: {{}}, iad: {{}}}}
pools:
  p:
    members:
      - {{site: fra, address: 192.0.2.1}}
      - {{site: fra, address: 192.0.2.2}}
      - {{site: iad, address: 192.0.2.3}}
      - {{address: 192.0.2.4}}
      - {{site: iad, id: spare, address: 192.0.2.5}}
zone: example.com
records:
{NS}  x: {{pool: p}}
"""
    loaded = load_text(x__yaml=text)
    assert not loaded.fatal
    assert [member.id for member in loaded.model.pools["p"].members] == ["fra/192.0.2.1", "fra/192.0.2.2", "iad", "192.0.2.4", "spare"]


def test_a_hundred_thousand_names_load_in_a_few_seconds(tmp_path):
    path = tmp_path / "example.com.yaml"
    path.write_text("records:\n" + NS + "".join(f"  host{i}: {{type: A, ttl: 300, value: 192.0.2.{i % 250}}}\n" for i in range(100_000)))
    begin = time.process_time()
    loaded = load([path])
    seconds = time.process_time() - begin
    assert loaded.problems == ()
    assert len(loaded.model.zones[APEX].names) == 100_001
    assert seconds < 20  # 3.5 s on an idle machine; the bound only catches what grows with the square


_WORDS = st.sampled_from(
    """zone records sites checks pools soa type value values ttl pool members site address weight check policy preset pick geo limit nearest healthy
    all default EU DE example.com www '' A AAAA MX TXT NS CNAME HTTPS 192.0.2.1 2001:db8::1 fra iad https tcp port 443 60/10 5s -1 0 true null ~ [] {}
    dynamic rules geos subnets fallback status octodns healthcheck format networks priority target params hints auto \\# *a &a << ns.example.net. .
    """.split()  # noqa: SIM905  a list of ninety strings would be longer than the test
)
_TREES = st.recursive(_WORDS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=5), max_leaves=25)


def _yaml(tree):
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key}: {_yaml(value)}" for key, value in tree.items()) + "}"
    return "[" + ", ".join(map(_yaml, tree)) + "]" if isinstance(tree, list) else tree


_SECTIONS = st.fixed_dictionaries({}, optional=dict.fromkeys(["zone", "records", "sites", "checks", "pools", "soa", "www"], _TREES))


@settings(max_examples=400, deadline=None)
@given(_SECTIONS | _TREES, st.sampled_from(["example.com.yaml", "networks.yaml"]))
def test_files_of_our_own_words_in_any_order_never_raise(tree, name):
    from gslb.config import report
    from gslb.config.files import Role

    text = _yaml(tree)
    role = Role.NETWORKS if name == "networks.yaml" else Role.ZONES
    loaded = build([Source(Path(name), text, role)], Problems(), lambda _source: str)
    report.text(loaded.problems, loaded.sources)
    for problem in loaded.problems:
        assert problem.where.line <= text.count("\n") + 2


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120), st.sampled_from(["example.com.yaml", "networks.yaml", "example.com.zone"]))
def test_any_text_never_raises(text, name):
    build([Source(Path(name), text)], Problems(), lambda _source: str)


_EXAMPLE_TEXT = EXAMPLE.read_text()


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(_EXAMPLE_TEXT) - 1), st.integers(0, 12), st.text(alphabet="{}[]:,-'\"\n #&*a1.", max_size=4))
def test_the_example_with_a_slip_of_the_finger_never_raises(at, gone, instead):
    text = _EXAMPLE_TEXT[:at] + instead + _EXAMPLE_TEXT[at + gone :]
    build([Source(EXAMPLE, text)], Problems(), lambda _source: str)
