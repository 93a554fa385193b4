"""The reference page of policies, written from the filters and presets themselves: `python -m gslb.policy.reference > docs/reference/policies.md`.

A test holds the page equal to this, and executes every example on it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Final

from gslb.option import REQUIRED, Option
from gslb.policy import DEFAULT_ANSWERS, DEFAULT_PICK, FILTERS, PICK_OPTIONS, PICKS, PRESETS, Preset, places
from gslb.policy.examples import EXAMPLES

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
fail_if: {members_below: 2, weight_below: 50%}      # options of `healthy`: down before all members are
ramp: 5m                                            # a `ramp` behind `healthy`, in steps as long as the TTL
```

The examples stand in a pool with members at fra (weight 3), iad, sjc and sin (weight 1). It is a Friday, noon UTC; iad came up two minutes ago. What
is given are members in the order the pick sees them, with their weights where the pick looks at them.
"""

_ALL_DOWN: Final = """\
## When all are down

`when_all_down` of the pool decides when the chain fails: too few members are left, or a geo map lists none that is not down.

| value | what is answered | reason |
|---|---|---|
| `all` (default) | the chain without `healthy` and without limits, rotated, at most 8 members; a fence still binds | `all-down` |
| `primary` | the first member of the list that a fence allows | `primary` |
| `last_known_good` | as `all`, of the members that were up last: those that went down together with the last one | `last-known-good` |
| `{backup: POOL}` | what that pool answers this client, by its own rules | `backup:POOL` |
| `nodata` | nothing; only where no filter looks at the client | `nodata` |
| `servfail` | SERVFAIL, upon which resolvers ask another nameserver | `servfail` |

Never NXDOMAIN, never REFUSED. Members that an operator drained or took down stay out of all this unless nothing else is left. Inside a fence that
leaves no member of the asked family the answer is SERVFAIL (reason `fenced`): resolvers could give an empty answer to clients outside the fence.
`when_family_down: nodata` leaves clients the other family where one is down as a whole (reason `family-down`).
"""


def page() -> str:
    """Write the whole page."""
    parts = [_INTRODUCTION, "## Presets\n", "Each is a chain that you could write out.\n"]
    for preset in PRESETS.values():
        parts += [f"### `{preset.name}`\n", preset.doc + "\n", _chain(preset), _example(f"preset {preset.name}")]
    parts += ["## Filters\n", "Each takes members from what the one before it left; none adds any.\n"]
    for name, kind in FILTERS.items():
        parts += [f"### `{name}`\n", kind.doc + "\n", _table(kind.options), _example(name)]
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
    parts = [head, "| pick | gives | `answers` by default |", "|---|---|---|", *rows, ""]
    for name in PICKS:
        parts += [f"### `{name}`\n", _table(PICK_OPTIONS.get(name, {})), _example(f"pick {name}")]
    return "\n".join(part for part in parts if part)


def _table(options: Mapping[str, Option]) -> str:
    if not options:
        return ""
    rows = [
        f"| {'any place' if key == '*' else f'`{key}`'} | {option.kind.value} | {option.doc} | {_default(option)} |"
        for key, option in options.items()
    ]
    return "\n".join(["| option | kind | meaning | default |", "|---|---|---|---|", *rows, ""])


def _default(option: Option) -> str:
    if option.default is REQUIRED:
        return "required"
    return "" if option.default is None else f"`{str(option.default).lower()}`"


def _example(key: str) -> str:
    text, shown = EXAMPLES[key]
    rows = [f"| {one.client} | {one.down.replace(' ', ', ') or '–'} | {_given(one.answer)} |" for one in shown]
    return "\n".join(["```yaml", text, "```\n", "| client | down | given |", "|---|---|---|", *rows, ""])


def _given(answer: str) -> str:
    return answer.replace(" ", ", ").replace("*", " × ")


def _places() -> str:
    """Return the table at the top of `places`, which says what a key means."""
    lines = (places.__doc__ or "").splitlines()
    return "\n".join(line.removeprefix("    ") for line in lines if line.startswith("    "))


if __name__ == "__main__":
    sys.stdout.write(page())
