"""The reference page is the code's own words, and its examples load."""

from pathlib import Path

import pytest

from gslb import config
from gslb.errors import Severity
from gslb.policy import FILTERS, PRESETS
from gslb.policy.reference import EXAMPLES, page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "policies.md"

ZONE = """\
sites:
  fra: {{location: [50.11, 8.68]}}
  iad: {{location: [39.04, -77.49]}}
  sjc: {{location: [37.34, -121.89]}}
  sin: {{location: [1.35, 103.82]}}
pools:
  web:
    members:
      - {{site: fra, address: 192.0.2.1}}
      - {{site: iad, address: 192.0.2.2}}
      - {{site: sjc, address: 192.0.2.3}}
      - {{site: sin, address: 192.0.2.4}}
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


def test_the_page_is_up_to_date():
    assert PAGE.read_text() == page(), "run: python -m gslb.policy.reference > docs/reference/policies.md"


def test_every_filter_and_preset_has_an_example():
    assert EXAMPLES.keys() == FILTERS.keys() | {f"preset {name}" for name in PRESETS}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_load(name, tmp_path):
    (tmp_path / "example.com.yaml").write_text(ZONE.format(policy=EXAMPLES[name].replace("\n", "\n    ")))
    loaded = config.load([tmp_path])
    assert [str(p) for p in loaded.problems if p.severity is Severity.ERROR] == []
    policy = loaded.model.pools["web"].policy
    if name.startswith("preset "):
        assert policy.preset == name.removeprefix("preset ")
    else:
        assert name in [spec.name for spec in policy.filters]
