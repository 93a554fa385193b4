"""What differs between two sets of files, thing by thing; where and in which order it was written is no difference."""

from __future__ import annotations

from typing import Any

import pytest

from gslb.errors import ConfigError
from gslb.explain import difference_text, given, guards
from gslb.explain.changes import anything, changes, shown
from gslb.model import AllDown, FilterSpec, Model
from gslb.names import from_text

FRA, IAD = "{site: fra, address: 192.0.2.1}", "{site: iad, address: 192.0.2.2}"
FILES = {
    "sites.yaml": """
sites: {fra: {location: [50.1, 8.7], capacity: 400}, iad: {location: [39.0, -77.5]}}
checks: {web: {type: tcp, port: 80, interval: 5s}}
pools:
  web: {policy: failover, check: web, members: [{site: fra, address: 192.0.2.1}, {site: iad, address: 192.0.2.2}]}
""",
    "example.com.yaml": """
soa: {primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30, serial: 1}
records:
  '': {type: NS, values: [ns1.example.com., ns2.example.com.]}
  ns1: {type: A, value: 192.0.2.53}
  ns2: {type: A, value: 192.0.2.54}
  www: [{pool: web, ttl: 30}, {type: TXT, value: hello}]
""",
    "example.org.zone": """$TTL 300
$INCLUDE head
www 60 IN GSLB web
mail IN A 192.0.2.25
""",
    "head": "@ IN SOA ns1.example.com. hostmaster.example.com. 1 3600 900 604800 30\n@ IN NS ns1.example.com.\n@ IN NS ns2.example.com.\n",
    "networks.yaml": "203.0.113.0/24: {country: DE}\n",
}


def model(**edits: tuple[str, str]) -> Model:
    """Return the files' model, with (old, new) in a file, its dots and dashes written as underscores."""
    texts = dict(FILES)
    for name, (old, new) in edits.items():
        file = next(one for one in texts if one.replace(".", "_") == name)
        assert old in texts[file]
        texts[file] = texts[file].replace(old, new)
    return given.model(texts)


def told(**edits: tuple[str, str]) -> dict[str, Any]:
    return changes(model(), model(**edits))


def text(one: dict[str, Any]) -> str:
    return difference_text.text({"verdict": "v", "guards": [], "warnings": [], "changes": one, "answers": [], "traffic": {}, "same": True})


def test_order_and_places_are_no_difference() -> None:
    assert not anything(changes(model(), model()))
    assert not anything(told(sites_yaml=("checks:", "\n\n# a comment\nchecks:"), example_org_zone=("$TTL 300", "; more lines\n\n$TTL 300")))
    assert not anything(
        told(example_com_yaml=("[{pool: web, ttl: 30}, {type: TXT, value: hello}]", "[{type: TXT, value: hello}, {pool: web, ttl: 30}]"))
    )


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ({"sites_yaml": ("capacity: 400", "capacity: 500")}, "sites\n  ~ fra  capacity: 400 → 500"),
        ({"sites_yaml": ("interval: 5s", "interval: 7s")}, "checks\n  ~ web  interval: 5.0 → 7.0"),
        ({"sites_yaml": ("port: 80", "port: 81")}, "checks\n  ~ web  options: {port: 80} → {port: 81}"),
        ({"sites_yaml": ("policy: failover", "policy: weighted")}, "~ web  policy: failover, pick weighted → weighted, pick weighted"),
        ({"sites_yaml": ("iad, address: 192.0.2.2", "iad, address: 192.0.2.3")}, "~ iad  addresses: 192.0.2.2 → 192.0.2.3"),
        ({"sites_yaml": ("{site: iad, address: 192.0.2.2}", "{address: 192.0.2.7}")}, "      + 192.0.2.7\n      - iad"),
        (
            {"sites_yaml": (f"[{FRA}, {IAD}]", f"[{IAD}, {FRA}]")},
            "~ order: fra, iad → iad, fra",
        ),
        ({"networks_yaml": ("country: DE", "country: FR")}, "networks\n  ~ 203.0.113.0/24  country: DE → FR"),
        ({"example_com_yaml": ("ttl: 30}", "ttl: 20}")}, "~ www.example.com.  pool web TTL 30 → web TTL 20"),
        ({"example_com_yaml": ("value: hello", "value: bye")}, '~ www.example.com.  TXT "hello" (3600 s) → "bye" (3600 s)'),
        ({"example_com_yaml": ("serial: 1", "serial: 2")}, "~ example.com.  SOA ns1.example.com. hostmaster.example.com. 1 "),
        ({"example_org_zone": ("mail IN A", "mail 60 IN A")}, "~ mail.example.org.  A TTL 300 → 60"),
        ({"example_org_zone": ("mail IN", "mx IN")}, "  - mail.example.org.  A 192.0.2.25 (300 s)\n  + mx.example.org.  A 192.0.2.25 "),
        ({"head": ("604800 30", "604800 60")}, "~ example.org.  SOA"),
    ],
)  # fmt: skip
def test_every_kind_of_thing_is_told(edits: Any, said: str) -> None:
    found = told(**edits)
    assert anything(found)
    assert said in text(found)
    back = changes(model(**edits), model())
    assert anything(back)


def test_names_are_counted_beyond_those_that_are_told() -> None:
    more = "".join(f"  n{number}: {{type: A, value: 192.0.2.9}}\n" for number in range(50))
    found = changes(model(), model(example_com_yaml=("  ns1:", more + "  ns1:")), 20)
    assert (found["names"]["added"], len(found["names"]["items"]), found["names"]["more"]) == (50, 20, 30)
    assert "and 30 more" in text(found)


def test_guards_of_files() -> None:
    gone = given.model({name: FILES[name] for name in ("sites.yaml", "networks.yaml")})
    assert [(one["code"], one["level"]) for one in guards.of_files(model(), gone)] == [("loss", "refuse")]
    emptied = model(example_org_zone=("mail IN A 192.0.2.25", 'mail IN TXT "gone"'))
    assert [(one["code"], one["level"]) for one in guards.of_files(model(), emptied)] == [("emptied", "refuse")]
    unused = model(sites_yaml=("{site: iad, address: 192.0.2.2}", "{site: fra, address: 192.0.2.2}"))
    assert [(one["code"], one["level"]) for one in guards.of_files(model(), unused)] == [("site-unused", "warn")]
    assert not guards.of_files(model(), model())


def test_values_are_written_as_operators_know_them() -> None:
    assert shown(from_text("www.example.com.")) == "www.example.com."
    assert shown(AllDown("backup", "sorry")) == "backup sorry"
    assert shown(AllDown("primary")) == "primary"
    assert shown(FilterSpec("geo", {"EU": ("fra", "iad"), "fence": True})) == "geo EU: [fra, iad], fence: True"


def test_files_that_do_not_load_are_told_with_their_places() -> None:
    with pytest.raises(ConfigError) as refused:
        model(sites_yaml=("policy: failover", "policy: nonsense"))
    assert str(refused.value.problems[0].where).startswith("sites.yaml:5:")
    with pytest.raises(ConfigError, match="not among the files"):
        given.model({name: data for name, data in FILES.items() if name != "head"})
