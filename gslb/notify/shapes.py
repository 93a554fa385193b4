"""Messages as receivers want them: our own JSON, text for chat (Slack and what copies it), PagerDuty's Events API v2. Pure.

Names and reasons come from checks and operators: for chat they are escaped, so that nobody is called by a health check's answer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from gslb.notify.message import Message, Notice, State
from gslb.store import event_record

LONGEST: Final = 3000  # characters of text for chat
SUMMARY: Final = 1024  # characters of a summary, PagerDuty's limit
MARKS: Final = {State.BEGINS: "🔴", State.ENDS: "🟢", State.TOLD: "🔵"}
LAST: Final = 253_402_300_799.0  # seconds since 1970: the end of year 9999, after which nobody can write a time
SEVERITIES: Final = {"error": "critical", "warning": "warning", "info": "info"}

Bodies = Callable[[Message, str], list[bytes]]  # message, secret → what is posted, one request each


def webhook(message: Message, _secret: str) -> list[bytes]:
    """Write our own JSON: everything there is."""
    body = {
        "version": 1,
        "id": message.id,
        "node": message.node,
        "at": message.at,
        "state": message.state.value,
        "level": message.level,
        "summary": message.summary,
        "left_out": message.left_out,
        "events": [{**event_record.as_data(one.event), "state": one.state.value, "incident": one.incident} for one in message.notices],
    }
    return [_json(body)]


def slack(message: Message, _secret: str) -> list[bytes]:
    """Write text: a line for each event."""
    lines = [f"{MARKS[one.state]} *{escaped(one.event.subject)}* {escaped(one.event.what)}{_by(one)}" for one in message.notices]
    if message.left_out:
        lines.append(f"… and {message.left_out} more")
    text = "\n".join(lines)
    if len(text) > LONGEST:
        text = text[:LONGEST].rpartition("\n")[0] + "\n…"
    return [_json({"text": f"gslb on {escaped(message.node)}: {MARKS[message.state]} {message.state.value}\n{text}"})]


def pagerduty(message: Message, secret: str) -> list[bytes]:
    """Write one event of the Events API v2 for each incident, with a key under which its end is found; what is only told pages nobody."""
    return [_json(_paged(message, one, secret)) for one in message.notices if one.state is not State.TOLD]


SHAPES: Final[Mapping[str, Bodies]] = {"webhook": webhook, "slack": slack, "pagerduty": pagerduty}


def escaped(text: str) -> str:
    """Take their power from the characters that chat gives a meaning: `<!channel>`, links, mentions."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("*", "∗").replace("`", "'").replace("\n", " ")


def _paged(message: Message, one: Notice, secret: str) -> dict[str, Any]:
    event = one.event
    key = {"routing_key": secret, "dedup_key": f"gslb/{one.incident}"[:255]}
    if one.state is State.ENDS:
        return {**key, "event_action": "resolve"}
    return {
        **key,
        "event_action": "trigger",
        "client": "gslb",
        "payload": {
            "summary": f"{event.subject}: {event.what}"[:SUMMARY],
            "source": event.node or message.node,
            "severity": SEVERITIES[event.level],
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(max(event.at, 0.0), LAST))),
            "component": event.subject[:255],
            "class": event.kind,
            "custom_details": dict(event.evidence),
        },
    }


def _by(one: Notice) -> str:
    return f" (by {escaped(one.event.by)})" if one.event.by else ""


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, default=str).encode("utf-8", "replace")
