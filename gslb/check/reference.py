"""The reference page of checks, written from the tables that judge them: `python -m gslb.check.reference > docs/reference/checks.md`.

A test holds the page equal to this, and loads every example on it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from textwrap import dedent
from typing import Final

from gslb.check import CHECKS
from gslb.check.counters import __doc__ as counters
from gslb.option import REQUIRED, Kind, Option

_INTRODUCTION: Final = """\
# Checks

<!-- Written by `python -m gslb.check.reference`; do not edit. -->

How an endpoint is observed. `checks:` in any zone file names them, pools and members use them by name; why they behave so is told
in [health](../explanation/health.md). A check goes to an address and to nothing else: no name is resolved, no redirect followed, no proxy asked.

## What every check has

| key | meaning | default |
|---|---|---|
| `interval` | time from one run to the next | `5s` |
| `timeout` | time after which a run has failed, from the first packet to the last octet; less than the interval | `2s` |
| `down` | failures that take the target down; they add up until `ok` successes in a row clear them | 3 |
| `ok` | successes in a row that clear earlier failures | 10 |
| `up` | successes in a row that bring the target back | 5 |
| `cooldown` | time for which the state stays after it changed, whatever is seen | 0 |
| `degraded_above` | a success that took longer lowers the grade, from 100 there to 1 at the timeout | never |
| `fast_interval` | interval while the counters are not at rest, and for a minute after the state changed; shorter than `interval` | as ever |
| `invert` | `true`: a success is a failure, and a failure a success; for what must not answer | `false` |

A success has a **grade**, 100 at full strength: checks lower it where a measured value is worse than it should be. What a grade does
to the member's weight is told under [health](../explanation/health.md#grades). A vote takes a changed grade up in steps of at least 10, so that
what trembles is quiet.
"""

_EXPECT: Final = """\
`expect` holds any of these; all must be met:

| key | meaning |
|---|---|
| `status` | a status (`200`), a range (`200-299`, `2xx`), or a list of them; default `200-299` |
| `headers` | header fields and what they must be: a text, or `{regex: …}` that must occur; of several fields of a name one must do |
| `json` | dotted paths and the values they must have: `{status: healthy, nodes.0.id: a}`; `true` is not `1`, `1` is `1.0`; or limits of a number |
| `body` | text, or `{regex: …}`, that must occur |

Of the body 64 KiB are read. `json` needs all of it, `body` looks at what was read. Nothing is unpacked.

Limits of a number in `json`, any of:

| limit | meaning |
|---|---|
| `below`, `above` | the check fails at this value, and beyond |
| `degraded_above`, `degraded_below` | beyond it the grade falls, in a straight line to 0 where the check fails; without such an end: 50 |

```yaml
checks:
  deep:
    type: https
    host: www.example.com
    path: /health
    expect:
      headers: {X-Cluster: {regex: "^fra-[0-9]+$"}}
      json: {queue: {below: 100, degraded_above: 50}, status: healthy}
    days_left: {warn: 21, degrade: 7, down: 1}
    degraded_above: 500ms
```

A queue of 75 gives grade 50. With `days_left` the reason says "renew it" below `warn` (21 where nothing is said); below `degrade` the
grade falls day by day, so that traffic leaves in time for somebody to notice; below `down` the check fails. Days are rounded down.
"""

_PATTERNS: Final = """\
## Patterns

Where a text must occur, `{regex: "…"}` may stand instead: Python's syntax, `(?i)` and `(?m)` included, found anywhere unless anchored. A pattern
is matched in linear time whatever the site sends, by an automaton of our own; that is why looking around, references back and possessive
repeats are refused at load.
"""

_TLS: Final = """\
With `tls: true` the certificate is verified as for `https`, and `host`, `verify`, `ca_file` and `days_left` have an effect:

```yaml
checks:
  ldaps: {type: tcp, port: 636, tls: true, host: ldap.example.com, days_left: {warn: 30}}
  mail: {type: tcp, port: 25, expect: {regex: "^220 .*ESMTP"}}
```
"""

_DNS: Final = """\
An answer counts with our id, our question, and from the address that was asked; what else comes is left alone until the time is up. A truncated
answer is asked for again over TCP. `answers` are compared without regard to case, quotes and the final dots of names.
"""

_GRPC: Final = """\
`SERVING` passes; every other state, and a service that the server does not know, fails. With `tls: true` the certificate is judged as for
`https`. Without the library h2 the check is refused at load, and a prober that lacks it abstains.
"""

_ICMP: Final = """\
Needs no privilege where `net.ipv4.ping_group_range` holds the prober's group (most distributions); else CAP_NET_RAW. Without either it abstains.
A site that answers pings may still serve nothing: use it beside another check, or for what has no port.
"""

_EXEC: Final = """\
Runs only where the settings of the node that probes say so: `probe: {exec: true}`; elsewhere it abstains. Zone files can come from many hands,
and this one lets them run programs. There is no shell. The environment holds `PATH`, `LANG` and `GSLB_ADDRESS` and nothing else; the working
directory is
`/`. At the deadline the program's whole session is killed. 4096 octets of what it says are read, and the first line, up to a `|`, is the reason.

| exit code | result |
|---|---|
| 0 | passed |
| 1 | passed with grade 50 |
| 2 | failed; a program that does not end in time has failed too |
| 3, any other, a signal, no such program | the prober abstains |
"""

_MORE: Final = {"https": _EXPECT, "tcp": _TLS, "dns": _DNS, "grpc": _GRPC, "icmp": _ICMP, "exec": _EXEC}

_TRY: Final = """\
## Try one

`gslb probe --once CHECK ADDRESS` looks as the prober would and shows every step, with its beginning and its length, and each assertion with
its verdict. `--format json` gives the same as data. The exit code is 0 where the check passed, 1 where it failed, 3 where it could not look.

```console
$ gslb probe --once web 127.0.0.1
check web (http) at 127.0.0.1, timeout 2 s
      0.0 ms  connecting: 0.3 ms
      0.3 ms  waiting for an answer: 1.1 ms
                request: GET /healthz
                first octet: came
                status: 200
                content-type: application/json
                content-length: 34
      1.4 ms  reading the body: 0.1 ms
                body: 34 octets
      1.5 ms  judging the answer: 0.1 ms
          ok    status: 200
          ok    status: "healthy"
          ok    queue: 75
ok in 1.6 ms, grade 50: status 200, queue is 75
```
"""

_REASONS: Final = """\
## Reasons

What a check saw, as status, logs and votes show it:

| reason | meaning |
|---|---|
| `status 200`, `status 200, certificate 30 days left`, `connected` | it passed |
| `status 200, queue is 75`, `connected, slow: 700 ms` | it passed with a lower grade |
| `connection refused`, `connection reset by peer`, `no route to host` | the system's words |
| `timeout: 2 s over while connecting` | no connection in time |
| `timeout: 2 s over while shaking hands (TLS)` | connected, but TLS was not agreed on |
| `timeout: 2 s over while waiting for an answer` | connected, but no complete head of an answer came |
| `timeout: 2 s over while reading the body` | the answer began, but did not end in time |
| `status 503`, `status 200, status is "ill", not "healthy"` | the answer was not as expected |
| `certificate: certificate has expired` | the certificate was refused; the words are OpenSSL's |
| `TLS: wrong version number` | the handshake failed |
| `expected text heard`, `NOERROR, 2 answers`, `SERVING`, `echo heard` | what `tcp`, `dns`, `grpc` and `icmp` say when they pass |
| `inverted: connected` | what the check saw, with `invert: true` |
| `own fault: …` | the prober could not look: no descriptors, no permission, no route, unreadable `ca_file`, or it stood still itself. It abstains |
"""


def page() -> str:
    """Write the whole page."""
    _, _, table, remark = (counters or "").split("\n\n")
    parts = [_INTRODUCTION, "## The counters\n", f"```text\n{dedent(table)}\n```\n", remark]
    for name, kind in CHECKS.items():
        parts += [f"## `{name}`\n", kind.doc + "\n", _table(kind.options), f"```yaml\nchecks:\n  example: {kind.example}\n```\n"]
        if name in _MORE:
            parts.append(_MORE[name])
    return "\n".join([*parts, _PATTERNS, _TRY, _REASONS])


def _table(options: Mapping[str, Option]) -> str:
    rows = [f"| `{name}` | {option.kind.value} | {option.doc} | {_default(option)} |" for name, option in options.items()]
    return "\n".join(["| option | kind | meaning | default |", "|---|---|---|---|", *rows, ""])


def _default(option: Option) -> str:
    if option.default is REQUIRED:
        return "required"
    if option.default is None or option.default in ("", {}) or option.kind is Kind.MAPPING:
        return ""
    return f"`{str(option.default).lower() if option.kind is Kind.BOOLEAN else option.default}`"


if __name__ == "__main__":
    sys.stdout.write(page())
