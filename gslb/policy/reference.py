"""The reference page of policies, written from the filters and presets themselves: `python -m gslb.policy.reference > docs/reference/policies.md`.

A test holds the page equal to this, and loads every example on it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from gslb.option import Option
from gslb.policy import DEFAULT_ANSWERS, DEFAULT_PICK, FILTERS, PICKS, PRESETS, Preset, places

EXAMPLES: Final = {
    "preset failover": "policy: failover",
    "preset round-robin": "policy: round-robin",
    "preset weighted": "policy: weighted",
    "preset nearest": "policy: {preset: nearest, bias: {sin: 20}}",
    "preset geo": "policy: {preset: geo, EU: [fra, iad], US-CA: [sjc, iad], AS: [sin, fra], default: [iad, fra]}",
    "preset sticky": "policy: {preset: sticky, key: [asn, qname]}",
    "preset all": "policy: all",
    "preset active-passive": "policy: active-passive",
    "preset weighted-round-robin": "policy: weighted-round-robin",
    "preset geoproximity": "policy: {preset: geoproximity, bias: {iad: -15}}",
    "preset ip-hash": "policy: {preset: ip-hash, v4: 20, v6: 48}",
    "preset consistent-hash": "policy: {preset: consistent-hash, key: qname}",
    "healthy": "policy: [healthy, priority]",
    "priority": "policy: [{priority: {at_least: 2}}]\npick: all",
    "geo": "policy: [{geo: {EU: [fra], NA: [iad, sjc], default: [iad, fra], fence: true}}]\nwhen_all_down: {backup: sorry}",
    "geofence": "policy: [{geofence: {fra: [EU], sin: [AS, OC]}}, nearest]",
    "networks": "policy: [{networks: {203.0.113.0/24: [fra], 'tag:office': [iad, fra]}}, nearest]",
    "asn": "policy: [{asn: {AS64500: [sjc, iad]}}, nearest]",
    "schedule": "policy: [{schedule: {zone: Europe/Berlin, fra: ['mon-fri 07:00-20:00', 'sat 09:00-13:00'], sin: 2026-12-01..}}, priority]",
    "ramp": "policy: [{ramp: {over: 10m, start: 5}}, nearest]\npick: weighted",
    "nearest": "policy: [{nearest: {bias: {sin: 20, iad: -10}, default: [fra, iad]}}]\npick: weighted",
    "limit": "policy: [{geo: {AS: [sin, fra], default: [iad, fra]}}, {limit: {sites: 2, per_site: 1}}]\npick: rotate",
}
"""What stands in a pool with members at fra, iad, sjc and sin."""

_INTRODUCTION: Final = """\
# Policies

<!-- Written by `python -m gslb.policy.reference`; do not edit. -->

A pool's `policy` says which of its members a client is given: a chain of **filters**, then one **pick**. It is a preset's name, a preset with
options, or a list of filters. In a list names mean filters. Why it works so is told in [how an answer is chosen](../explanation/choosing.md).

```yaml
policy: nearest                                     # a preset
policy: {preset: nearest, bias: {sin: 20}}          # a preset with options of its filters
policy: [{geo: {EU: [fra, iad], default: [iad]}}, {limit: {sites: 1}}]      # a chain
pick: rotate                                        # overrides the preset's
answers: 2                                          # members given at once; 0 = all
health: ignore                                      # leaves `healthy` out, which otherwise stands in front of every chain
```
"""

_ALL_DOWN: Final = """\
## When all are down

`when_all_down` of the pool decides when the chain fails: every member is down, or a geo map lists none that is not.

| value | what is answered | reason |
|---|---|---|
| `all` (default) | the chain without `healthy` and without limits, rotated, at most 8 members; a fence still binds | `all-down` |
| `primary` | the first member of the list that a fence allows | `primary` |
| `{backup: POOL}` | what that pool answers this client, by its own rules | `backup:POOL` |

Never NXDOMAIN, never REFUSED. Inside a fence that leaves no member of the asked family the answer is SERVFAIL (reason `fenced`), since resolvers
could give an empty answer to clients outside the fence.
"""


def page() -> str:
    """Write the whole page."""
    parts = [_INTRODUCTION, "## Presets\n", "Each is a chain that you could write out.\n"]
    for preset in PRESETS.values():
        parts += [f"### `{preset.name}`\n", preset.doc + "\n", _chain(preset), _yaml(f"preset {preset.name}")]
    parts += ["## Filters\n", "Each takes members from what the one before it left; none adds any.\n"]
    for name, kind in FILTERS.items():
        parts += [f"### `{name}`\n", kind.doc + "\n", _table(kind.options), _yaml(name)]
        if name == "geo":
            parts.append("Places:\n\n```text\n" + _places() + "\n```\n")
    parts += ["## Picks\n", _picks(), _ALL_DOWN]
    return "\n".join(part for part in parts if part)


def _chain(preset: Preset) -> str:
    links = [
        f"{spec.name} {{{', '.join(f'{key}: {value}' for key, value in spec.options.items())}}}" if spec.options else spec.name
        for spec in preset.filters
    ]
    answers = f"answers {preset.answers}" if preset.answers else "answers 0 (all)"
    return f"Stands for: {' → '.join(f'`{link}`' for link in links)}; pick `{preset.pick}`, {answers}.\n"


def _picks() -> str:
    rows = [f"| `{name}` | {doc} | {DEFAULT_ANSWERS[name] or '0 (all)'} |" for name, doc in PICKS.items()]
    head = f"How the data plane takes from what the chain left. A list of filters without `pick` has `{DEFAULT_PICK}`.\n"
    return "\n".join([head, "| pick | gives | `answers` by default |", "|---|---|---|", *rows, ""])


def _table(options: Mapping[str, Option]) -> str:
    if not options:
        return ""
    rows = [
        f"| {'any place' if key == '*' else f'`{key}`'} | {option.kind.value} | {option.doc} | {_default(option)} |"
        for key, option in options.items()
    ]
    return "\n".join(["| option | kind | meaning | default |", "|---|---|---|---|", *rows, ""])


def _default(option: Option) -> str:
    return "" if option.default is None else f"`{str(option.default).lower()}`"


def _yaml(key: str) -> str:
    return f"```yaml\n{EXAMPLES[key]}\n```\n"


def _places() -> str:
    """Return the table at the top of `places`, which says what a key means."""
    lines = (places.__doc__ or "").splitlines()
    return "\n".join(line.removeprefix("    ") for line in lines if line.startswith("    "))


if __name__ == "__main__":
    sys.stdout.write(page())
