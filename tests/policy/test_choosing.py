"""What `docs/explanation/choosing.md` claims in figures and examples."""

import re
from fractions import Fraction
from pathlib import Path

from gslb.model import Location, Site
from gslb.policy.geo import Geo
from gslb.policy.healthy import Healthy
from gslb.policy.limit import Limit

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "explanation" / "choosing.md").read_text()


def test_the_chances_of_two_answers():
    weights = (3, 2, 1)
    chance = {(a, b): Fraction(a, 6) * Fraction(b, 6 - a) for a in weights for b in weights if a != b}
    told = {(int(a), int(b)): float(p) for a, b, p in re.findall(r"\| (\d), (\d) \| [^|]*= ([\d.]+) %", TEXT)}
    assert told.keys() == chance.keys()
    assert all(abs(float(chance[pair]) * 100 - percent) < 0.05 for pair, percent in told.items())
    inside = {w: sum(p for pair, p in chance.items() if w in pair) for w in weights}
    assert f"{float(inside[3]) * 100:.0f} %" in TEXT
    assert f"{float(inside[1]) * 100:.0f} %" in TEXT


def test_the_chain_step_by_step(people, ids):
    sites = {name: Site(name) for name in ("fra", "iad", "sin")}
    geo = Geo.build({"EU": ["fra", "iad"], "AS": ["sin", "fra"], "default": ["iad", "fra"]}, sites)
    left = Healthy().apply(people("fra iad sin:down"), None).candidates
    assert ids(left) == "fra iad"
    left = geo.apply(left, geo.client_key(Location("SG", "AS"))).candidates
    assert ids(left) == "fra"
    assert ids(Limit(sites=1).apply(left, None).candidates) == "fra"
