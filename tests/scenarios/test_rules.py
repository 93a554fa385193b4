"""Every rule that scenarios can show has one, and no scenario names a rule that is not written down."""

import re
from pathlib import Path

from gslb.testing.scenario import read

HERE = Path(__file__).parent
SHOWN, WAITING = (frozenset(re.findall(r"^\| (\d+-[a-z0-9.-]+) \|", part, re.MULTILINE)) for part in (HERE / "RULES.md").read_text().split("## Not"))
NAMED = {rule: path.name for path in sorted(HERE.glob("*.scn")) for rule in read(path).rules}


def test_every_rule_has_a_scenario() -> None:
    assert not SHOWN - NAMED.keys()


def test_no_scenario_names_an_unknown_rule() -> None:
    assert not {rule: name for rule, name in NAMED.items() if rule not in SHOWN}


def test_what_is_said_to_wait_waits() -> None:
    assert not WAITING & SHOWN


def test_there_are_many() -> None:
    """At least 120 stories; each is played by `test_scenarios`."""
    assert len(list(HERE.glob("*.scn"))) >= 120
