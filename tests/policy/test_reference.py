"""The reference page is the code's own words, and its examples do what it says."""

from array import array
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gslb import config
from gslb.compiler import Compiler
from gslb.errors import Severity
from gslb.model import Location
from gslb.plan import Partition, Pick
from gslb.policy import FILTERS, PICKS, PRESETS
from gslb.policy.examples import EXAMPLES
from gslb.policy.reference import page
from gslb.verdict import State, Target, Verdict

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "policies.md"

ZONE = """\
sites:
  fra: {{location: [50.11, 8.68]}}
  iad: {{location: [39.04, -77.49]}}
  sjc: {{location: [37.34, -121.89]}}
  sin: {{location: [1.35, 103.82]}}
checks: {{web: {{type: tcp, port: 80}}}}
pools:
  web:
    members:
      - {{site: fra, address: 192.0.2.1, weight: 3}}
      - {{site: iad, address: 192.0.2.2}}
      - {{site: sjc, address: 192.0.2.3}}
      - {{site: sin, address: 192.0.2.4}}
    check: web
    {policy}
  sorry: {{members: [{{address: 192.0.2.99}}], policy: all}}
zone: example.com
soa: {{primary: ns1.example.com., contact: hostmaster.example.com., negative_ttl: 30}}
records:
  '': {{type: NS, values: [ns1.example.com.]}}
  ns1: {{type: A, value: 192.0.2.53}}
  www: {{pool: web}}
  sorry: {{pool: sorry}}
"""


GERMAN = (51.0, 9.0)
CLIENTS = {
    "anywhere unknown": Location(),
    "Germany": Location("DE", "EU", None, GERMAN),
    "California": Location("US", "NA", "CA", (36.0, -119.0)),
    "Singapore": Location("SG", "AS", None, (1.3, 103.8)),
    "AS64500": Location("DE", "EU", None, GERMAN, 64500),
    "203.0.113.9": Location("DE", "EU", None, GERMAN, network="203.0.113.0/24"),
}
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp()


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == page(), "run: python -m gslb.policy.reference > docs/reference/policies.md"


def test_every_filter_pick_and_preset_has_an_example():
    assert EXAMPLES.keys() == FILTERS.keys() | {f"preset {name}" for name in PRESETS} | {f"pick {name}" for name in PICKS}
    assert all(example.shown for example in EXAMPLES.values())


def cut(regions):
    numbers = range(len(regions))
    return Partition(
        array("I", [n << 20 for n in numbers]),
        array("H", regions),
        array("Q", [n << 20 for n in numbers]),
        array("Q", [0] * len(regions)),
        array("H", regions),
    )


def given(model, shown):
    """Return what a client is given, as the page writes it."""
    digest = model.checks["web"].digest
    verdicts = {
        Target("web", digest, str(address)): Verdict(
            State.DOWN if member.site in shown.down.split() else State.UP, NOON - 120 if member.site == "iad" else 0.0
        )
        for member in model.pools["web"].members
        for address in member.addresses
    }
    compiler = Compiler(model, list(CLIENTS.values()), cut)
    snapshot = compiler.compile(verdicts, 1, now=NOON)
    pool = snapshot.pools[compiler.pool_ids["web"]]
    partition = snapshot.partitions.get(pool.partition)
    row = pool.rows[1][partition.v4_region[list(CLIENTS).index(shown.client)] if partition else 0]
    weighed = row.pick in (Pick.WEIGHTED, Pick.STICKY) and len(row.groups) > 1
    return " ".join((group.site or "sorry") + (f"*{group.weight}" if weighed else "") for group in row.groups)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_do_what_the_page_says(name, tmp_path):
    text, shown = EXAMPLES[name]
    (tmp_path / "example.com.yaml").write_text(ZONE.format(policy=text.replace("\n", "\n    ")))
    loaded = config.load([tmp_path])
    assert [str(p) for p in loaded.problems if p.severity is Severity.ERROR] == []
    policy = loaded.model.pools["web"].policy
    what, _, own = name.rpartition(" ")
    assert own in {"preset": [policy.preset], "pick": [policy.pick], "": [spec.name for spec in policy.filters]}[what]
    for one in shown:
        assert given(loaded.model, one) == one.answer, one
