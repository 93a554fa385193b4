"""Explains an answer: why this client gets that address, step by step, by running the code that compiles and answers.

Called by `gslb explain` (on files and last votes) and by control (`--live`: on what the node serves now). An explanation is plain data, the same
that `--format json` prints; `text` is for people. Nothing here decides anything: the compiler is heard while it decides (`listener`), names are
found and scopes measured by `gslb.answer`.

    question, subject ─▶ explanation ─▶ plain data ─▶ text
                         │ names       how the name was found
                         │ places      where the client is, its region, what cuts the scope
                         │ listener    what the compiler decided: story, members, reasons, shares, lifetime
                         └ packet      what answer() replies

The same for everybody at once: `simulate` (sites, pools, countries, now and what if), `world` (a map), `difference` (other files).

    population ─▶ traffic (pool × region ─▶ rows ─▶ sites) ─▶ shift (before, after) ─▶ simulate, world, difference
"""

from __future__ import annotations

from gslb.explain.differing import difference
from gslb.explain.explanation import explain
from gslb.explain.population import Population
from gslb.explain.question import Question, read
from gslb.explain.simulation import simulate
from gslb.explain.subject import Subject
from gslb.explain.text import text
from gslb.explain.world_map import world

__all__ = ["Population", "Question", "Subject", "difference", "explain", "read", "simulate", "text", "world"]
