"""Scenarios: behaviour written down as stories that anybody can read, played on a simulated clock or over real sockets.

Used by `tests/scenarios`, and by authors of filters and checks for theirs. The grammar is on one page: `docs/reference/scenarios.md`.

    script ─▶ story ─▶ world (files, geo, counters, judge, compiler) ─▶ snapshot ─▶ asker (pure or live) ─▶ reply ─▶ expectation, shares
"""

from __future__ import annotations

from gslb.testing.scenario.asker import Asker, PureAsker
from gslb.testing.scenario.live import LiveAsker
from gslb.testing.scenario.script import ScenarioError, Script, read
from gslb.testing.scenario.story import play

__all__ = ["Asker", "LiveAsker", "PureAsker", "ScenarioError", "Script", "play", "read"]
