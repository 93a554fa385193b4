"""`gslb explain --live`: control explains from what it serves now: its own files, geo data, verdicts, overrides and plan.

Part of control, a command on the local socket. It reads and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from gslb import explain
from gslb.errors import UsageError
from gslb.explain.subject import LIVE, Subject
from gslb.role.local import Answer, Request
from gslb.role.publisher import Publisher


async def answer(node: str, publisher: Publisher, request: Request) -> Answer:
    """Explain one answer. Raises UsageError for a question that makes no sense."""
    said = request.get("question")
    load = publisher.load
    assert load is not None  # nobody can ask before the first load
    if not isinstance(said, Mapping):
        raise UsageError("explain what? a question is needed")
    moment = publisher.moment
    question = explain.read(said, moment.now)
    hold = publisher.overrides.hold(moment.now)
    warnings = (f"all verdicts are held by {hold.author or 'an operator'}: {hold.reason}",) if hold else ()
    subject = Subject(node, load.model, load.compiler, load.atlas, publisher.snapshot, moment, LIVE, warnings)
    return await asyncio.to_thread(explain.explain, subject, question)  # a country may take tenths of a second
