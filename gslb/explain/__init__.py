"""Explains an answer: why this client gets that address, step by step, by running the code that compiles and answers.

Called by `gslb explain` (on files and last votes) and by control (`--live`: on what the node serves now). An explanation is plain data, the same
that `--format json` prints; `text` is for people. Nothing here decides anything: the compiler is heard while it decides (`listener`), names are
found and scopes measured by `gslb.answer`.

    question, subject ─▶ explanation ─▶ plain data ─▶ text
                         │ names       how the name was found
                         │ places      where the client is, its region, what cuts the scope
                         │ listener    what the compiler decided: story, members, reasons, shares, lifetime
                         └ packet      what answer() replies
"""

from __future__ import annotations

from gslb.explain.explanation import explain
from gslb.explain.question import Question, read
from gslb.explain.subject import Subject
from gslb.explain.text import text

__all__ = ["Question", "Subject", "explain", "read", "text"]
